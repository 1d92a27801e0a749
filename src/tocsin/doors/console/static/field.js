// The telephone with script: drafts stay on it, photographs are made smaller before they travel, and an answer given without
// network waits on the telephone and is sent later. Every answer carries a random key of its own, so a repeat is harmless.
// Only what the server said it has is ever shown as received.
import { all, drop, put } from "./field_store.js";
import { smaller } from "./field_photos.js";

const body = document.body;
const KEPT = "tocsin-field"; // the name of field_worker.js for what it keeps
const RETRY_MS = 30_000;
const LATE_MS = 60_000; // an entry older than this says when it was written
const outbox = document.getElementById("outbox");
const answerForm = document.getElementById("answer");
const token = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
const say = (text, values) => Object.entries(values ?? {}).reduce((said, [name, value]) => said.replace(`{${name}}`, value), text);

// ---------------------------------------------------------------- what waits on this telephone
let sending = null;

function flush() {
  sending ??= send().finally(() => { sending = null; });
  return sending;
}

async function send() {
  const outcomes = new Map();
  for (const entry of await mine()) {
    if (entry.refused) continue;
    const outcome = await sendOne(entry);
    outcomes.set(entry.once, outcome);
    if (outcome.taken) {
      await drop(entry.once);
      if (entry.kind === "answer") localStorage.removeItem(draftOf(entry.task));
      if (entry.kind === "answer" && entry.task === body.dataset.task) location.assign(outcome.taken);
    }
    else if (outcome.refused) await put({ ...entry, refused: outcome.refused });
    else break; // no network, no session: the rest waits too
  }
  await show([...outcomes.values()].some((outcome) => outcome.login));
  return outcomes;
}

async function sendOne(entry) {
  const form = new FormData();
  for (const [name, value] of entry.fields) form.append(name, value);
  entry.photos.forEach((photo, n) => form.append("photo", photo, `photo-${n + 1}.jpg`));
  form.set("csrfmiddlewaretoken", token());
  if (Date.now() - entry.at > LATE_MS) form.set("made_us", String(entry.at * 1000));
  let response;
  try {
    response = await fetch(entry.url, { method: "POST", body: form, headers: { Accept: "application/json" } });
  } catch {
    return {};
  }
  if (!response.headers.get("Content-Type")?.includes("application/json")) return { login: response.status < 500 };
  const said = await response.json();
  return response.ok ? { taken: said.onward } : { refused: said.refused, final: said.final };
}

const draftOf = (task) => `tocsin-field:${body.dataset.whose}:${task}`;
const mine = async () => (await all()).filter((entry) => entry.whose === body.dataset.whose).sort((a, b) => a.at - b.at);

async function show(login = false) {
  const entries = await mine();
  const answers = entries.filter((entry) => !entry.refused && entry.kind === "answer").length;
  const waiting = answers || entries.filter((entry) => !entry.refused).length;
  outbox.replaceChildren();
  outbox.hidden = entries.length === 0;
  if (waiting) line(outbox, say(body.dataset.waiting, { n: waiting }));
  if (login) link(outbox, body.dataset.login, location.pathname);
  for (const entry of entries.filter((one) => one.refused)) showRefused(entry);
  body.dataset.queued = String(waiting);
}

function showRefused(entry) {
  for (const error of entry.refused) line(outbox, `${body.dataset.notTaken} ${error.thing}: ${error.rule}. ${error.remedy}.`);
  if (entry.task !== body.dataset.task) link(outbox, body.dataset.open, `/field/task/${entry.task}`);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = body.dataset.remove;
  button.addEventListener("click", async () => { await drop(entry.once); await show(); });
  outbox.append(button);
}

function line(parent, text) {
  const p = document.createElement("p");
  p.textContent = text;
  parent.append(p);
}

function link(parent, text, href) {
  const a = document.createElement("a");
  a.className = "button";
  a.href = href;
  a.textContent = text;
  parent.append(a);
}

// ---------------------------------------------------------------- one task
function taskPage(form) {
  const task = body.dataset.task;
  const draft = draftOf(task);
  const photos = [];
  body.classList.add("scripted");
  restore(form, draft);
  form.addEventListener("input", () => keep(form, draft));
  takePhotos(form, photos);
  offerLocation(form);
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitAnswer(form, task, draft, photos);
  });
  const arrival = document.getElementById("arrive");
  document.getElementById("arrived-button")?.addEventListener("click", (event) => {
    event.preventDefault();
    submitArrival(arrival, task, event.currentTarget);
  });
}

function restore(form, draft) {
  try {
    const kept = JSON.parse(localStorage.getItem(draft) ?? "null");
    if (!kept) return;
    if (!form.note.value) form.note.value = kept.note;
    for (const input of form.elements.verdict) if (input.value === kept.verdict) input.checked = true;
    if (kept.once) form.once.value = kept.once; // the answer may have arrived although its receipt did not
  } catch {
    localStorage.removeItem(draft);
  }
}

function keep(form, draft) {
  try {
    localStorage.setItem(draft, JSON.stringify({ note: form.note.value, verdict: form.elements.verdict.value, once: form.once.value }));
  } catch {
    // a full or forbidden store: the page itself still holds what was typed
  }
}

function fields(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
}

async function submitAnswer(form, task, draft, photos) {
  const wrong = document.getElementById("wrong");
  wrong.hidden = Boolean(form.elements.verdict.value);
  if (!form.elements.verdict.value) {
    wrong.textContent = body.dataset.choose;
    form.elements.verdict[0].focus();
    return;
  }
  const button = document.getElementById("send");
  button.disabled = true;
  keep(form, draft);
  const entry = {
    once: form.once.value, kind: "answer", task, whose: body.dataset.whose, url: form.action, at: Date.now(),
    fields: fields(form), photos: await Promise.all(photos.map((photo) => photo.blob)),
  };
  if (!(await put(entry))) { // no store on this telephone: the form goes the plain way
    form.submit();
    return;
  }
  await sending; // what is on its way now may have been collected before this entry
  const outcome = (await flush()).get(entry.once) ?? {};
  button.disabled = false;
  if (outcome.refused && !outcome.final) {
    await drop(entry.once);
    await show();
    wrong.hidden = false;
    wrong.textContent = outcome.refused.map((error) => `${error.thing}: ${error.rule}. ${error.remedy}.`).join(" ");
  }
  body.dataset.settled = String(Date.now());
}

async function submitArrival(form, task, button) {
  const at = Date.now();
  const entry = { once: `arrive:${task}`, kind: "arrive", task, whose: body.dataset.whose, url: form.action, at, fields: fields(form), photos: [] };
  if (!(await put(entry))) {
    form.submit();
    return;
  }
  button.hidden = true;
  const said = document.getElementById("arrived");
  said.hidden = false;
  said.textContent = `${body.dataset.arrived} ${new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })}`;
  await flush();
}

// ---------------------------------------------------------------- photographs and place
function takePhotos(form, photos) {
  const input = form.photo;
  const list = document.getElementById("chosen-photos");
  input.addEventListener("change", () => {
    for (const file of input.files) {
      if (photos.length >= Number(body.dataset.most)) {
        const wrong = document.getElementById("wrong");
        wrong.textContent = body.dataset.tooMany;
        wrong.hidden = false;
        break;
      }
      photos.push({ blob: smaller(file), shown: URL.createObjectURL(file) });
    }
    input.value = "";
    showPhotos(list, photos);
  });
}

function showPhotos(list, photos) {
  list.hidden = photos.length === 0;
  list.replaceChildren(...photos.map((photo, n) => {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.src = photo.shown;
    image.alt = "";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say(body.dataset.drop, { n: n + 1 });
    button.addEventListener("click", () => { photos.splice(n, 1); showPhotos(list, photos); });
    item.append(image, button);
    return item;
  }));
}

function offerLocation(form) {
  const button = document.getElementById("locate");
  const said = document.getElementById("located");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      for (const target of [form, document.getElementById("arrive")]) {
        target.lon.value = coords.longitude.toFixed(6);
        target.lat.value = coords.latitude.toFixed(6);
        target.accuracy.value = String(Math.round(coords.accuracy));
      }
      said.textContent = say(coords.accuracy > 100 ? body.dataset.inaccurate : body.dataset.accuracy, { m: Math.round(coords.accuracy) });
    }, () => { said.textContent = body.dataset.noLocation; }, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 0 });
  });
}

// ---------------------------------------------------------------- pages for the hours without network
// The list, the tasks on it and what they are made of; tasks that are no longer on the list are let go.
async function keepPages() {
  if (!("serviceWorker" in navigator) || !globalThis.caches) return;
  await navigator.serviceWorker.register(body.dataset.worker, { scope: "/field" });
  await navigator.serviceWorker.ready;
  const cache = await caches.open(KEPT);
  const tasks = [...document.querySelectorAll(".task-list:not(.done) a[href^='/field/task/']")].map((link) => link.pathname).slice(0, 20);
  if (location.pathname === "/field") {
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/field/task/") && !tasks.includes(pathname)) await cache.delete(request);
    }
  }
  const parts = ["./field.js", "./field_store.js", "./field_photos.js"].map((name) => new URL(name, import.meta.url).href);
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].map((sheet) => sheet.href);
  for (const url of new Set(["/field", location.pathname, ...tasks, ...sheets, ...parts])) {
    const response = await fetch(url);
    if (response.ok && !response.redirected) await cache.put(url, response);
  }
  body.dataset.kept = "";
}

// ---------------------------------------------------------------- start
document.getElementById("refused")?.focus();
if (answerForm) taskPage(answerForm);
if (body.dataset.receipt) localStorage.removeItem(draftOf(body.dataset.receipt));
for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", () => { globalThis.caches?.delete(KEPT); });
}
addEventListener("online", flush);
setInterval(async () => { if ((await mine()).some((entry) => !entry.refused)) flush(); }, RETRY_MS);
await flush();
body.dataset.ready = "";
keepPages().catch(() => {}); // no network, or a browser that keeps nothing: the page works all the same
