// Big screen: the same page, nobody touches it. It reads itself anew when something changed, at most every two seconds.
import { refreshAges, setNow } from "./ages.js";
import { watchFreshness } from "./freshness.js";
import { listen } from "./live.js";

const body = document.body;
const byId = (id) => document.getElementById(id);
const clock = byId("wall-clock");
const heard = watchFreshness(() => {});
let readAt = -Infinity;
let timer = 0;
setNow(body.dataset.now);

async function read() {
  readAt = performance.now();
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return; // the freshness line says that the connection is lost
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["counts", "facts", "wall-events", "health"]) byId(id).innerHTML = page.getElementById(id).innerHTML;
  setNow(page.body.dataset.now);
  byId("map")?.refresh();
}

function later() {
  if (timer) return;
  timer = setTimeout(() => { timer = 0; read(); }, Math.max(0, 2000 - (performance.now() - readAt)));
}

function hear({ kind, body: message }) {
  if (kind === "over") return heard.over();
  heard();
  if (message.now) setNow(message.now);
  if (message.newest) {
    body.dataset.newest = message.newest;
    body.dataset.newestWords = message.newest_words;
  }
  if (kind !== "beat") later();
}

setInterval(() => {
  refreshAges();
  clock.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: clock.dataset.zone }).format(new Date());
}, 1000);
listen(body.dataset.stream, body.dataset.cursor, hear);
body.dataset.ready = "yes";
