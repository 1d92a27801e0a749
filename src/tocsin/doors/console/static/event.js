// The event page while it is live: ages grow, keys act, and a change says so without moving anything under the hand.
import { refreshAges, setNow } from "./ages.js";
import { watchFreshness } from "./freshness.js";
import { bindKeys } from "./keys.js";
import { isNewer, listen } from "./live.js";

const body = document.body;
const bar = document.querySelector("#changed a");
const polite = document.getElementById("polite");
const heard = watchFreshness((text) => { polite.textContent = text; });
setNow(body.dataset.now);

function hear({ kind, id, body: message }) {
  if (kind === "over") return heard.over();
  heard();
  if (message.now) setNow(message.now);
  if (message.newest) {
    body.dataset.newest = message.newest;
    body.dataset.newestWords = message.newest_words;
  }
  const about = kind === "many" || (kind === "changes" && message.events.some((item) => item.id === body.dataset.event));
  if (about && isNewer(id, body.dataset.cursor)) bar.hidden = false;
  refreshAges();
  heard();
}

bindKeys({});
setInterval(refreshAges, 1000);
listen(body.dataset.stream, body.dataset.cursor, hear);
body.dataset.ready = "yes";
