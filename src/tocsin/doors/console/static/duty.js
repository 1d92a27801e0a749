// The duty page while it is live. Nothing moves under the hand: rows that are there change in place, arrivals wait in a
// bar until they are asked for, and new reds and oranges enter the pinned strip, whose room is always kept.
import { refreshAges, setNow } from "./ages.js";
import { watchFreshness } from "./freshness.js";
import { bindKeys } from "./keys.js";
import { isNewer, listen } from "./live.js";
import { showSound } from "./sound_line.js";

const body = document.body;
const byId = (id) => document.getElementById(id);
const lists = { event: byId("events"), signal: byId("signals") };
const waiting = { event: new Map(), signal: new Map() };
const pinnedRank = Number(body.dataset.pinnedRank);
const topRank = Number(body.dataset.topRank);
const rankWords = JSON.parse(body.dataset.rankWords);

setNow(body.dataset.now);
const heard = watchFreshness(sayPolitely);

// ---------------------------------------------------------------- words for assistive technology
let politeAt = -Infinity;
let politeTimer = 0;
function sayPolitely(text) {
  clearTimeout(politeTimer);
  const wait = Math.max(0, 10000 - (performance.now() - politeAt));
  politeTimer = setTimeout(() => {
    politeAt = performance.now();
    byId("polite").textContent = text;
  }, wait);
}
const sayAtOnce = (text) => { byId("assertive").textContent = text; };

// ---------------------------------------------------------------- rows
const parse = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
};
const inHand = (element) => element.matches(":hover") || element.contains(document.activeElement);

function changeInPlace(row, html) {
  const fresh = parse(html);
  const before = row.offsetHeight;
  const old = new Map();
  for (const part of row.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!next || next.innerHTML === part.innerHTML) continue;
    old.set(part, part.innerHTML);
    part.innerHTML = next.innerHTML;
  }
  // A change that would push the rows below waits for N while a hand is on the list.
  if (row.offsetHeight !== before && inHand(row.parentElement)) {
    for (const [part, inner] of old) part.innerHTML = inner;
    return false;
  }
  row.className = fresh.className;
  row.dataset.level = fresh.dataset.level;
  row.dataset.state = fresh.dataset.state;
  return true;
}

function takeIn(kind, item) {
  const row = byId(item.id);
  if (row && changeInPlace(row, item.row)) waiting[kind].delete(item.id);
  else if (row || isNew(kind, item)) waiting[kind].set(item.id, item.level);
  else waiting[kind].delete(item.id);
}

// The page shows a part of a long list: what is merely not shown is not new.
function isNew(kind, item) {
  if (!item.open || (kind === "event" && !item.changed)) return false;
  return kind === "event" ? item.begun || item.level >= pinnedRank : item.changed > Number(body.dataset.signalsSeen);
}

// ---------------------------------------------------------------- pinned strip
const strip = byId("strip");
function pin(item) {
  const list = strip.querySelector("ul");
  const chip = byId(`pin-${item.id}`);
  const wanted = item.loud && item.level >= pinnedRank;
  if (chip && wanted) {
    chip.innerHTML = parse(item.pin).innerHTML;
    chip.className = parse(item.pin).className;
  } else if (chip) {
    chip.classList.remove("loud"); // quiet at once; it goes when no hand is on the strip
    if (!inHand(strip)) chip.remove();
    else chip.dataset.gone = "yes";
  } else if (wanted) {
    const fresh = parse(item.pin);
    const after = inHand(strip) ? null : [...list.children].find((other) => Number(other.dataset.level) <= item.level);
    list.insertBefore(fresh, after ?? null);
    if (item.level === topRank) sayAtOnce(fresh.dataset.say);
  }
  strip.querySelector(".empty").hidden = list.children.length > 0;
}

// ---------------------------------------------------------------- bars of arrivals
function showBar(kind) {
  const bar = byId(`${kind}-arrivals`);
  const ranks = [...waiting[kind].values()];
  bar.hidden = ranks.length === 0;
  if (bar.hidden) return;
  const highest = Math.max(...ranks);
  const pattern = highest > 0 ? bar.dataset.graded : bar.dataset.plain;
  const text = pattern.replace("{n}", ranks.length).replace("{r}", ranks.filter((rank) => rank === highest).length).replace("{level}", rankWords[highest]);
  if (bar.textContent !== text) {
    bar.textContent = text;
    sayPolitely(text);
  }
}

async function showArrivals() {
  const focused = document.activeElement?.closest(".row")?.id;
  body.dataset.loading = "yes";
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["counts", "facts", "strip", "events", "signals", "health", "unanswered", "event-foot", "signal-foot"]) byId(id).innerHTML = page.getElementById(id).innerHTML;
    body.dataset.cursor = page.body.dataset.cursor;
    body.dataset.signalsSeen = page.body.dataset.signalsSeen;
    setNow(page.body.dataset.now);
    waiting.event.clear();
    waiting.signal.clear();
    showBar("event");
    showBar("signal");
    (byId(focused)?.querySelector("a.open") ?? lists.event.querySelector("a.open"))?.focus();
  } catch {
    const bar = byId("event-arrivals");
    bar.hidden = false;
    bar.textContent = body.dataset.failed;
  } finally {
    delete body.dataset.loading;
  }
}

// ---------------------------------------------------------------- messages
function hear({ kind, id, body: message }) {
  if (kind === "over") return heard.over();
  heard();
  if (message.now) setNow(message.now);
  if (message.newest) {
    body.dataset.newest = message.newest;
    body.dataset.newestWords = message.newest_words;
  }
  if (message.delay_after) body.dataset.delayAfter = message.delay_after;
  if (message.health && !byId("health").contains(document.activeElement)) byId("health").innerHTML = message.health;
  // What nobody has answered: kept up to date, but never while pointer or focus is in it or in the lists below it.
  const pins = byId("unanswered");
  if (message.unanswered !== undefined && !document.querySelector("#unanswered:is(:hover, :focus-within), .duty-columns:is(:hover, :focus-within)")) {
    pins.innerHTML = message.unanswered;
  }
  if (kind === "changes" && isNewer(id, body.dataset.cursor)) {
    for (const item of message.events) {
      takeIn("event", item);
      pin(item);
    }
    for (const item of message.signals) takeIn("signal", item);
    byId("counts").innerHTML = message.counts;
    byId("facts").innerHTML = message.facts;
    body.dataset.cursor = id;
    map?.refresh();
    sound.show();
    showTitle();
  }
  if (kind === "many") {
    const bar = byId("event-arrivals");
    bar.hidden = false;
    bar.textContent = bar.dataset.many;
  } else {
    showBar("event");
    showBar("signal");
  }
  refreshAges();
  heard();
}

// ---------------------------------------------------------------- acting on a row: the server decides, the page shows
const rowInHand = () => document.activeElement?.closest?.("#events .row") ?? document.activeElement?.closest?.("#strip li");
const eventOf = (row) => row?.id.replace(/^pin-/, "");

async function take(row) {
  const button = byId(eventOf(row))?.querySelector("[data-take]") ?? byId("act");
  const action = button.getAttribute("formaction") ?? row.dataset.take;
  if (!action) return;
  body.dataset.sending = "yes";
  try {
    const answer = await fetch(action, { method: "POST", body: new FormData(byId("act")), redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(String(answer.status));
  } catch {
    sayAtOnce(body.dataset.actFailed);
  } finally {
    delete body.dataset.sending;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take]");
  if (!button) return;
  event.preventDefault();
  take(button.closest(".row"));
});

// The event's own page asks what the key asked: verify, warn or respond.
function openAt(part) {
  const row = rowInHand();
  const link = row && (byId(eventOf(row)) ?? row).querySelector("a");
  if (!link) return false;
  location.assign(`${link.href}#${part}`);
}

// ---------------------------------------------------------------- map and list are one selection
const map = byId("map");
const choose = (target) => {
  const row = target.closest?.("#events .row, #strip li");
  if (row) map?.select(eventOf(row));
};
for (const kind of ["focusin", "pointerover"]) document.addEventListener(kind, (event) => choose(event.target));
map?.addEventListener("tocsin-choose", (event) => {
  const link = byId(event.detail)?.querySelector("a.open");
  if (!link) return;
  event.preventDefault(); // taken: the row is here
  link.scrollIntoView({ block: "center" });
  link.focus();
});

// ---------------------------------------------------------------- sound, and chips that were acknowledged under a hand
const sound = showSound(byId("sound"), () => {
  const loud = [...strip.querySelectorAll("li.loud")].sort((one, other) => Number(other.dataset.level) - Number(one.dataset.level))[0];
  return loud ? { kind: Number(loud.dataset.level) === topRank ? "top" : "high", words: loud.dataset.words } : null;
});
// A tab that is behind others says in its title how many are loud.
const title = document.title;
function showTitle() {
  const loud = strip.querySelectorAll("li.loud").length;
  document.title = loud ? `(${loud}) ${title}` : title;
}
showTitle();
strip.addEventListener("pointerleave", () => strip.querySelectorAll("[data-gone]").forEach((chip) => !inHand(strip) && chip.remove()));

// ---------------------------------------------------------------- keys
function step(by) {
  const links = [...lists.event.querySelectorAll("a.open")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus();
}
function openFilter(part) {
  byId("filter").open = true;
  byId("filter").querySelector(`[data-key="${part}"]`).focus();
}
bindKeys({
  next: () => step(1),
  previous: () => step(-1),
  arrivals: () => { showArrivals(); },
  acknowledge: () => { const row = rowInHand() ?? strip.querySelector("li.loud"); if (row) take(row); },
  verify: () => openAt("verify"),
  warn: () => openAt("warn"),
  dispatch: () => openAt("respond"),
  map: () => map?.focusMap(),
  filter: () => openFilter("filter"),
  search: () => openFilter("search"),
  list: () => (lists.event.querySelector("a.open") ?? byId("events-title")).focus(),
});
for (const bar of document.querySelectorAll(".arrivals button")) bar.addEventListener("click", showArrivals);
setInterval(refreshAges, 1000);
listen(body.dataset.stream, body.dataset.cursor, hear);
body.dataset.ready = "yes";
