// Drawing an area into the composer's fields: what is drawn stands in the fields, and what is typed there is drawn. Pointer or
// keys; nothing here is needed to send a warning.
const host = document.getElementById("sketch");
if (host) begin();

function begin() {
  const SVG = "http://www.w3.org/2000/svg";
  const KM_A_DEGREE = 111.2;
  const form = host.closest("form");
  const svg = host.querySelector("svg");
  const drawn = host.querySelector(".drawn");
  const cross = host.querySelector(".cross");
  const said = host.querySelector("[data-said]");
  const field = (name) => form.elements.namedItem(name);
  const [west, north, across, down, width, height] = ["west", "north", "across", "down", "width", "height"].map((name) => Number(host.dataset[name]));
  const view = { x: 0, y: 0, width, height };
  let at = { x: width / 2, y: height / 2 };
  let held = null; // the point that is being dragged: ring, number
  let moved = false;

  const place = ({ x, y }) => [north - y * down, west + x * across];
  const spot = ([lat, lon]) => ({ x: (lon - west) / across, y: (north - lat) / down });
  const words = (name, values) => host.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const degrees = ([lat, lon]) => ({ lat: lat.toFixed(4), lon: lon.toFixed(4) });
  const mode = () => form.querySelector("input[name=mode]:checked")?.value ?? "areas";
  const choose = (value) => { form.querySelector(`input[name=mode][value=${value}]`).checked = true; };

  function rings() {
    const lines = field("outline").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const pairs = lines.map((line) => [...line.matchAll(/(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)/g)].map((found) => [Number(found[1]), Number(found[2])]));
    const single = pairs.length > 1 && pairs.every((ring) => ring.length === 1);
    return (single ? [pairs.flat()] : pairs).map(opened);
  }

  // Without the last point where that closes the ring; the server closes it again.
  function opened(ring) {
    const [first, last] = [ring[0], ring[ring.length - 1]];
    return ring.length > 3 && first[0] === last[0] && first[1] === last[1] ? ring.slice(0, -1) : ring;
  }

  function write(all) {
    field("outline").value = all.map((ring) => ring.map(([lat, lon]) => `${lat.toFixed(5)},${lon.toFixed(5)}`).join(" ")).join("\n");
    tell(field("outline"));
  }

  function tell(element) {
    element.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
  }

  const cells = () => field("cells").value.split(/\s+/).filter(Boolean);

  function shape(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    drawn.append(made);
    return made;
  }

  function draw() {
    drawn.replaceChildren();
    const how = mode();
    host.dataset.mode = how;
    if (how === "polygon") {
      rings().forEach((ring, r) => {
        const spots = ring.map(spot);
        if (spots.length > 1) shape("path", { d: `M${spots.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${spots.length > 2 ? "Z" : ""}` });
        spots.forEach(({ x, y }, n) => { const dot = shape("circle", { cx: x, cy: y, r: 6 * view.width / width }); dot.dataset.ring = r; dot.dataset.number = n; });
      });
    } else if (how === "circle") {
      const [lat, lon, km] = ["lat", "lon", "km"].map((name) => Number(field(name).value));
      if (field("lat").value && field("lon").value && Number.isFinite(lat + lon)) {
        const { x, y } = spot([lat, lon]);
        const r = Number.isFinite(km) ? km / KM_A_DEGREE : 0;
        shape("ellipse", { cx: x, cy: y, rx: r / across / Math.max(0.01, Math.cos(lat * Math.PI / 180)), ry: r / down });
        shape("circle", { cx: x, cy: y, r: 4 });
      }
    }
    const taken = new Set(how === "cells" ? cells() : []);
    for (const cell of host.querySelectorAll("[data-cell]")) cell.classList.toggle("taken", taken.has(cell.dataset.cell));
    cross.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${view.width / width})`);
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  // What a click or Enter does where it is.
  function act(where) {
    at = where;
    const here = place(where);
    if (mode() === "areas") choose("polygon");
    if (mode() === "circle") {
      [field("lat").value, field("lon").value] = [here[0].toFixed(4), here[1].toFixed(4)];
      if (!field("km").value) field("km").value = "1";
      say("middle", degrees(here));
      return tell(field("lat"));
    }
    if (mode() === "cells") return toggle(where);
    const all = rings();
    if (!all.length || host.dataset.begins) all.push([]);
    delete host.dataset.begins;
    all[all.length - 1].push(here);
    say("point", { n: all[all.length - 1].length, ...degrees(here) });
    write(all);
  }

  function toggle(where) {
    const point = svg.createSVGPoint();
    [point.x, point.y] = [where.x, where.y];
    const found = [...host.querySelectorAll("[data-cell]")].find((cell) => cell.isPointInFill(point));
    if (!found) return say("noCell", {});
    const taken = cells();
    const was = taken.includes(found.dataset.cell);
    const now = was ? taken.filter((cell) => cell !== found.dataset.cell) : [...taken, found.dataset.cell];
    field("cells").value = now.join(" ");
    say(was ? "dropped" : "chosen", { n: now.length });
    tell(field("cells"));
  }

  function remove() {
    const all = rings();
    if (mode() !== "polygon" || !all.length) return;
    all[all.length - 1].pop();
    if (!all[all.length - 1].length) all.pop();
    say("removed", { n: all[all.length - 1]?.length ?? 0 });
    write(all);
  }

  function zoom(factor) {
    view.width = Math.min(width, Math.max(width / 32, view.width * factor));
    view.height = view.width * height / width;
    view.x = Math.min(width - view.width, Math.max(0, at.x - view.width / 2));
    view.y = Math.min(height - view.height, Math.max(0, at.y - view.height / 2));
    draw();
  }

  function say(name, values) { said.textContent = words(name, values); }

  function spotOf(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x: point.x, y: point.y };
  }

  svg.addEventListener("pointerdown", (event) => {
    moved = false;
    const dot = event.target.closest("circle[data-ring]");
    if (!dot) return;
    held = [Number(dot.dataset.ring), Number(dot.dataset.number)];
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    moved = true;
    const all = rings();
    all[held[0]][held[1]] = place(spotOf(event));
    write(all);
  });
  svg.addEventListener("pointerup", () => { held = null; });
  svg.addEventListener("click", (event) => { if (!moved) act(spotOf(event)); moved = false; });

  svg.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = view.width / (event.shiftKey ? 8 : 48);
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (way) {
      at = { x: Math.min(width, Math.max(0, at.x + way[0])), y: Math.min(height, Math.max(0, at.y + way[1])) };
      say("at", degrees(place(at)));
      if (at.x < view.x || at.y < view.y || at.x > view.x + view.width || at.y > view.y + view.height) zoom(1);
      draw();
    } else if (event.key === "Enter" || event.key === " ") act(at);
    else if (event.key === "Backspace") remove();
    else if (event.key === "+") zoom(0.5);
    else if (event.key === "-") zoom(2);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  host.addEventListener("click", (event) => {
    const what = event.target.closest("[data-act]")?.dataset.act;
    if (what === "new") { choose("polygon"); host.dataset.begins = "yes"; say("begun", {}); draw(); }
    if (what === "remove") remove();
    if (what === "clear") { field("outline").value = ""; field("cells").value = ""; tell(field("outline")); }
    if (what === "in") zoom(0.5);
    if (what === "out") zoom(2);
  });
  form.addEventListener("input", draw);
  form.addEventListener("change", draw);
  host.hidden = false;
  draw();
}
