// How fresh the page is, in words (interface.md, rule 5): live, delayed, or lost after 15 s without a heartbeat.
import { ageWords, now } from "./ages.js";

const SILENCE_MS = 15000;

export function watchFreshness(say) {
  const place = document.getElementById("freshness");
  const words = place.querySelector(".words");
  const body = document.body;
  let heard = performance.now();
  let wasLost = false;
  let over = false;

  function show() {
    if (over) return;
    const silent = performance.now() - heard;
    const newest = Number(body.dataset.newest) / 1000;
    const behind = newest ? now() - newest : 0;
    const allowed = Number(body.dataset.delayAfter) * 1000;
    const state = silent > SILENCE_MS ? "lost" : !newest ? "empty" : behind > allowed ? "delayed" : "live";
    const text = place.dataset[state].replace("{age}", ageWords(state === "lost" ? silent : behind)).replace("{time}", body.dataset.newestWords);
    if (words.textContent !== text) words.textContent = text;
    place.dataset.state = state;
    body.dataset.connection = state === "lost" ? "lost" : "open";
    if ((state === "lost") !== wasLost) say(text);
    wasLost = state === "lost";
  }
  setInterval(show, 1000);
  const hear = () => {
    heard = performance.now();
    show();
  };
  // The session ended, or stands for another post now: what is shown stays, and the page says that it is old.
  hear.over = () => {
    show();
    over = true;
    words.textContent = place.dataset.over;
    place.dataset.state = "lost";
    body.dataset.connection = "lost";
    say(place.dataset.over);
  };
  return hear;
}
