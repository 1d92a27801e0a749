// The line above the strip that says whether this browser sounds, and mutes it for five minutes at most.
import { ageWords } from "./ages.js";
import { isMuted, isOn, isWaiting, mute, mutedUntil, unmute, watch } from "./sound.js";

export function showSound(line, loudest) {
  const said = line.querySelector("[data-sound-said]");
  const off = line.querySelector("[data-sound-off]");
  const button = line.querySelector("[data-sound-mute]");
  const words = line.dataset;

  function show() {
    const muted = isOn() && isMuted();
    off.hidden = isOn();
    button.hidden = !isOn() || !(muted || loudest());
    button.textContent = muted ? words.unmute : words.mute;
    const text = !isOn() ? words.off : muted ? words.muted.replace("{age}", ageWords(mutedUntil() - Date.now())) : isWaiting() ? words.waits : words.on;
    if (said.textContent !== text) said.textContent = text;
  }
  button.addEventListener("click", () => {
    const muting = !isMuted();
    if (muting) mute();
    else unmute();
    show();
    log(muting);
  });
  // A mute is a decision of the post: the ledger keeps it. Without a connection the mute holds all the same.
  function log(muting) {
    const form = new FormData(document.getElementById("act"));
    form.set("muted", muting ? "1" : "0");
    fetch(words.logs, { method: "POST", body: form, redirect: "manual" }).catch(() => {});
  }
  addEventListener("storage", show);
  setInterval(show, 1000);
  line.hidden = false;
  watch(loudest, show);
  show();
  return { show };
}
