// Sound for events that nobody has acknowledged. Off until somebody turns it on (browsers ask for a gesture); stops at once
// when the last loud event is acknowledged, by whomever. Only one tab of a browser sounds. A mute lasts five minutes at most.
const STORE = "tocsin.sound";
const MUTE = "tocsin.muted-until";
const MUTE_MS = 5 * 60 * 1000;
const EVERY_MS = { top: 10_000, high: 30_000 }; // red, orange of the usual four
let context = null;

export const isOn = () => localStorage.getItem(STORE) === "on";
export const mutedUntil = () => Math.min(Number(localStorage.getItem(MUTE) ?? 0), Date.now() + MUTE_MS);
export const isMuted = () => mutedUntil() > Date.now();
export const mute = () => localStorage.setItem(MUTE, String(Date.now() + MUTE_MS));
export const unmute = () => localStorage.removeItem(MUTE);
export const isWaiting = () => isOn() && context?.state !== "running";

export function turn(on) {
  localStorage.setItem(STORE, on ? "on" : "off");
  if (on) wake(); // not waited for: a machine without a loudspeaker may never answer
}

// A page that was only loaded may not sound yet: the first key or click lets it.
export async function wake() {
  context ??= new AudioContext();
  if (context.state !== "running") await context.resume();
}

function note(at, frequency, length) {
  const tone = context.createOscillator();
  const gain = context.createGain();
  tone.frequency.value = frequency;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.25, at + 0.02);
  gain.gain.setValueAtTime(0.25, at + length - 0.05);
  gain.gain.linearRampToValueAtTime(0, at + length);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + length);
}

export async function play(kind, words) {
  await wake();
  const notes = kind === "top" ? [523, 659, 784] : [587, 440];
  notes.forEach((frequency, number) => note(context.currentTime + 0.05 + number * 0.28, frequency, 0.25));
  if (kind === "top" && words) speak(words);
}

// Spoken on this machine only: a voice from elsewhere would be a request to a third party.
function speak(words) {
  const wanted = document.documentElement.lang.slice(0, 2);
  const voice = window.speechSynthesis?.getVoices().find((found) => found.localService && found.lang.startsWith(wanted));
  if (!voice) return;
  const said = new SpeechSynthesisUtterance(words);
  said.voice = voice;
  said.lang = voice.lang;
  speechSynthesis.speak(said);
}

// ``loudest`` answers {kind: "top" | "high", words} or null for the page as it stands.
export function watch(loudest, changed) {
  let lastAt = { top: -Infinity, high: -Infinity };
  const gesture = () => isOn() && wake().then(changed);
  addEventListener("pointerdown", gesture, { once: true });
  addEventListener("keydown", gesture, { once: true });
  if (isOn()) wake().then(changed, changed);

  const look = () => {
    const loud = loudest();
    if (!loud) {
      lastAt = { top: -Infinity, high: -Infinity };
      return;
    }
    if (!isOn() || isMuted() || context?.state !== "running") return;
    if (performance.now() - lastAt[loud.kind] < EVERY_MS[loud.kind]) return;
    lastAt[loud.kind] = performance.now();
    document.body.dataset.sounded = String(Number(document.body.dataset.sounded ?? 0) + 1);
    play(loud.kind, loud.words);
  };
  const begin = () => setInterval(look, 500);
  if (navigator.locks) navigator.locks.request("tocsin-sound", () => new Promise(() => { begin(); }));
  else begin();
}
