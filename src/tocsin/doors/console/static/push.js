// Warnings in this browser (Web Push). The page works without: this adds one button, and one to end it.
const part = document.getElementById("push");
const KEPT = "tocsin-push-leave"; // where this browser keeps the address that ends it; the office keeps no name
const words = part?.dataset ?? {};

const can = () => part && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function say(text, isOver = false) {
  const said = part.querySelector("[role=status]");
  said.textContent = text;
  said.classList.toggle("is-over", isOver);
  said.hidden = !text;
}

function bytes(key) {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function show(isOn) {
  part.querySelector("#push-begin").hidden = isOn;
  part.querySelector("#push-end").hidden = !isOn;
}

async function subscription() {
  const registration = await navigator.serviceWorker.register(words.worker, { scope: "/subscribe" });
  await waitActive(registration);
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(words.key) });
}

function waitActive(registration) {
  const coming = registration.installing ?? registration.waiting;
  if (registration.active || !coming) return Promise.resolve();
  return new Promise((done) => coming.addEventListener("statechange", () => coming.state === "activated" && done()));
}

async function begin() {
  const form = part.closest("form");
  if (!form.elements.place.selectedOptions.length) {
    say(words.place, true);
    form.elements.place.focus();
    return;
  }
  say(words.wait);
  if ((await Notification.requestPermission()) !== "granted") {
    say(words.denied, true);
    return;
  }
  let made;
  try {
    made = await subscription();
  } catch {
    say(words.unreachable, true);
    return;
  }
  const given = new FormData(form);
  given.set("channel", "web_push");
  given.set("contact", JSON.stringify(made.toJSON()));
  const answer = await fetch(form.action || location.href, { method: "POST", body: given, headers: { accept: "application/json" } }).catch(() => undefined);
  const told = await answer?.json().catch(() => undefined);
  if (!answer?.ok || !told?.leave) {
    await made.unsubscribe();
    say(told?.said ?? words.failed, true);
    return;
  }
  localStorage.setItem(KEPT, told.leave);
  show(true);
  say(words.on);
}

async function end() {
  const registration = await navigator.serviceWorker.getRegistration("/subscribe");
  const made = await registration?.pushManager.getSubscription();
  const leave = localStorage.getItem(KEPT);
  const answer = leave ? await fetch(leave, { method: "POST" }).catch(() => undefined) : undefined;
  if (leave && !answer) {
    say(words.failed, true);
    return;
  }
  await made?.unsubscribe();
  localStorage.removeItem(KEPT);
  show(false);
  say(words.off);
}

if (can()) {
  part.hidden = false;
  show(localStorage.getItem(KEPT) !== null && Notification.permission === "granted");
  part.querySelector("#push-begin").addEventListener("click", begin);
  part.querySelector("#push-end").addEventListener("click", end);
  document.body.dataset.push = "ready";
}
