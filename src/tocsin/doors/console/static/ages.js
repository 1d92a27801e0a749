// Ages that grow on the page. Words and the table of units come from the server; the server's clock counts, not ours.
let serverNow = 0;
let startedAt = performance.now();
export function setNow(microseconds) {
  serverNow = Number(microseconds) / 1000;
  startedAt = performance.now();
}

export const now = () => serverNow + (performance.now() - startedAt);

export function ageWords(milliseconds) {
  const words = document.body.dataset;
  const whole = Math.floor(Math.abs(milliseconds) / 1000);
  const [unit, size] = whole < 60 ? ["ageS", 1] : whole < 3600 ? ["ageMin", 60] : whole < 172800 ? ["ageH", 3600] : ["ageD", 86400];
  const text = words[unit].replace("{n}", Math.floor(whole / size));
  return milliseconds >= 0 || whole === 0 ? text : words.ageAhead.replace("{age}", text);
}

export function refreshAges(root = document) {
  for (const element of root.querySelectorAll("time[data-at] .age, .age[data-at]")) {
    const at = Number((element.closest("[data-at]")).dataset.at) / 1000;
    const text = ageWords(now() - at);
    if (element.textContent !== text) element.textContent = text;
  }
}
