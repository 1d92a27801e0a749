// The composer: preview and checks when the hand rests, saving every few seconds, character counters, Alt+1 to 5 for the
// sections, Ctrl+Enter to send for approval. Without this script the buttons do the same.
const form = document.getElementById("compose");
const saved = document.getElementById("saved");
const preview = document.getElementById("preview");
const version = form.elements.namedItem("version");
const SECTIONS = ["what", "where", "texts", "shown", "checks"];
const REST_MS = 700;
const SAVE_MS = 5000;

let dirty = false;
let stopped = form.dataset.waits === "yes"; // what waits for approval is taken back only by a button
let saving = false;
let leaving = false;
let rest = 0;
let asked = 0;

async function post(address) {
  return fetch(address, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "error" });
}

async function look() {
  const mine = ++asked;
  try {
    const answer = await post(form.dataset.preview);
    if (!answer.ok || mine !== asked) return;
    const text = await answer.text();
    const focused = preview.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...preview.querySelectorAll("details")].map((part) => part.open);
    preview.innerHTML = text; // made by our own templates, every text escaped there
    preview.querySelectorAll("details").forEach((part, n) => { part.open = open[n] ?? false; });
    if (focused) document.getElementById(focused)?.focus();
    document.body.dataset.previewed = String(mine);
  } catch { /* the page stays as it was; saving says that there is no connection */ }
}

async function save() {
  if (!dirty || saving || stopped || leaving) return;
  saving = true;
  dirty = false;
  const sent = new FormData(form);
  try {
    const answer = await post(form.dataset.autosave);
    const told = await answer.json();
    if (leaving) return;
    if (told.version) {
      version.value = told.version;
      follow(told.texts, sent);
    } else if (told.stale) stopped = true;
    saved.textContent = told.said;
    document.body.dataset.saved = String(told.version ?? "");
  } catch {
    dirty = true;
    saved.textContent = form.dataset.lost;
  } finally {
    saving = false;
  }
}

// Texts that follow level, area, time or another text: shown anew, where nobody has typed since.
function follow(texts, sent) {
  for (const [name, [words, mark]] of Object.entries(texts)) {
    const field = form.elements.namedItem(name);
    if (!field || field.value !== sent.get(name).replace(/\r\n/g, "\n")) continue;
    if (field.value.trim() !== words) {
      if (field === document.activeElement) continue; // never under the hand; the next saving sees to it
      field.value = words;
      count(field);
    }
    form.elements.namedItem(`was_${name}`).value = mark;
  }
}

function count(field) {
  const counter = form.querySelector(`[data-counts="${field.name}"]`);
  if (!counter) return;
  const length = [...field.value].length;
  counter.textContent = `${length}/${counter.dataset.limit}`;
  counter.classList.toggle("over", length > Number(counter.dataset.limit));
}

function changed(event) {
  dirty = true;
  count(event.target);
  clearTimeout(rest);
  rest = setTimeout(look, REST_MS);
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
for (const field of form.elements) if (field.name) count(field);
setInterval(save, SAVE_MS);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") {
    event.preventDefault();
    waitForSaving(() => form.requestSubmit(document.getElementById("submit")));
  } else if (event.altKey && !event.ctrlKey && /^Digit[1-5]$/.test(event.code)) {
    event.preventDefault();
    const heading = document.getElementById(SECTIONS[Number(event.code.slice(5)) - 1]);
    heading.scrollIntoView({ block: "start" });
    const first = heading.closest("section").querySelector("input:not([type=hidden]), select, textarea, summary");
    (first ?? heading).focus({ preventScroll: true });
  }
});

// A save under way would raise the version under the form that is being sent: let it end first.
function waitForSaving(then) {
  if (saving) setTimeout(() => waitForSaving(then), 30);
  else then();
}
form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  if (!button || !saving) return;
  event.preventDefault();
  waitForSaving(() => form.requestSubmit(button));
});
document.body.dataset.composing = "yes";
