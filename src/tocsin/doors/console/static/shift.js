// Start of shift: hear each sound once, and turn sound on. Browsers let a page sound only after a press of a button.
import { isOn, play, turn } from "./sound.js";

const button = document.getElementById("sound-turn");
function show() {
  button.textContent = isOn() ? button.dataset.off : button.dataset.on;
  document.getElementById("sound-state").textContent = isOn() ? button.dataset.isOn : button.dataset.isOff;
}
button.addEventListener("click", () => {
  turn(!isOn());
  show();
});
for (const trial of document.querySelectorAll("[data-sound]")) {
  trial.addEventListener("click", () => play(trial.dataset.sound, trial.dataset.words));
}
document.getElementById("sound-part").hidden = false;
show();
document.body.dataset.ready = "yes";
