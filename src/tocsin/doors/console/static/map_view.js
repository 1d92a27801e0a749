// The map itself: our own style without tiles - land, the areas' own borders, facilities, warnings in force, open events as
// shapes (never colour alone). Loaded on demand by map.js; the library comes from our own origin.
import { AttributionControl, Map as GlMap, NavigationControl, ScaleControl } from "./vendor/maplibre-gl.mjs";

const STREET_ZOOM = 14; // below it marks that would cover each other become one, with the highest rank and the number
const SIZES = { 1: 10, 2: 12, 3: 14, 4: 18 }; // px on the map; a scheme of more ranks goes on with 18
const REFRESH_MS = 5000;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isDark = () => document.documentElement.dataset.theme === "dark";
const empty = { type: "FeatureCollection", features: [] };

export async function show(host) {
  const data = await read(host.dataset.source);
  loadSheet(host.dataset.sheet);
  host.stage.hidden = false;
  const map = new GlMap({
    container: host.stage.querySelector("[data-canvas]"),
    style: styleOf(data, host.dataset.draft),
    hash: "map",
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    minZoom: 1,
    maxZoom: 18,
    renderWorldCopies: false,
    fadeDuration: 0,
    cooperativeGestures: matchMedia("(pointer: coarse)").matches, // a finger that scrolls the page does not move the map
    locale: JSON.parse(host.dataset.locale),
    ...(data.box && !location.hash.includes("map=") ? { bounds: around(data.box), fitBoundsOptions: { padding: 32, maxZoom: 13 } } : {}),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl(), "bottom-left");
  map.addControl(new AttributionControl({ compact: false, customAttribution: host.dataset.credit }), "bottom-right");
  map.once("style.load", () => addMarks(map, data.levels));
  await new Promise((resolve, reject) => {
    map.once("load", resolve);
    map.once("error", ({ error }) => reject(error));
  });
  map.on("error", ({ error }) => console.warn(`map: ${error.message}`));
  map.on("idle", () => { host.dataset.idle = String(Number(host.dataset.idle ?? 0) + 1); });
  return new View(host, map, data);
}

async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
}

function loadSheet(address) {
  if (document.querySelector(`link[href="${address}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}

function around([west, south, east, north]) {
  const least = 0.01;
  return [[Math.min(west, east - least), Math.min(south, north - least)], [Math.max(east, west + least), Math.max(north, south + least)]];
}

class View {
  constructor(host, map, data) {
    Object.assign(this, { host, map, data, refreshAt: 0 });
    const canvas = map.getCanvas();
    canvas.setAttribute("aria-label", host.dataset.title);
    for (const layer of ["event-marks", "event-clusters"]) {
      map.on("mouseenter", layer, () => { canvas.dataset.over = layer; });
      map.on("mouseleave", layer, () => { delete canvas.dataset.over; });
    }
    map.on("click", "event-marks", ({ features: [feature] }) => this.choose(feature.properties.id));
    map.on("click", "event-clusters", ({ features: [feature] }) => this.openCluster(feature));
    map.on("mousemove", "event-marks", ({ features: [feature] }) => this.select(feature.properties.id));
  }

  focus() {
    this.map.getCanvas().focus();
  }

  select(id) {
    const found = this.data.events.features.find((feature) => feature.properties.id === id);
    this.map.getSource("chosen").setData(found ? { type: "FeatureCollection", features: [found] } : empty);
    this.host.dataset.selected = found ? id : "";
  }

  // A mark that is chosen brings its row; the page may have none (another page of the list): then the event opens.
  choose(id) {
    this.select(id);
    const taken = !this.host.dispatchEvent(new CustomEvent("tocsin-choose", { detail: id, bubbles: true, cancelable: true }));
    const found = this.data.events.features.find((feature) => feature.properties.id === id);
    if (!taken && found) location.assign(found.properties.url);
  }

  async openCluster(feature) {
    const zoom = await this.map.getSource("events").getClusterExpansionZoom(feature.properties.cluster_id);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map[still ? "jumpTo" : "easeTo"]({ center: feature.geometry.coordinates, zoom: zoom + 0.2 });
  }

  // At most once in five seconds, whatever the stream brings.
  refresh() {
    if (this.timer) return;
    const wait = Math.max(0, REFRESH_MS - (performance.now() - this.refreshAt));
    this.timer = setTimeout(async () => {
      this.timer = 0;
      this.refreshAt = performance.now();
      try {
        this.data = await read(this.host.dataset.source);
      } catch (error) {
        return console.warn(`map: ${error.message}`);
      }
      for (const name of ["events", "warnings", "facilities"]) this.map.getSource(name).setData(this.data[name]);
      this.select(this.host.dataset.selected);
    }, wait);
  }
}

// ---------------------------------------------------------------- style
function styleOf(data, draftWord) {
  const dark = isDark();
  const ink = dark ? "#e8edf2" : "#14202b";
  const halo = dark ? "#1c2a36" : "#f7f7f4";
  const lowest = Math.min(...data.levels.map((level) => level.rank));
  const fills = byRank(data, dark ? "dark_fill" : "fill");
  const source = (name, more = {}) => [name, { type: "geojson", data: data[name] ?? empty, ...more }];
  const words = (size) => ({ "text-font": [css("--map-font") || "sans-serif"], "text-size": size });
  const said = { "text-color": ink, "text-halo-color": halo, "text-halo-width": 1.5 };
  return {
    version: 8,
    sources: Object.fromEntries([
      source("areas"), source("labels"), source("facilities"), source("warnings"), source("chosen"),
      source("events", { cluster: true, clusterMaxZoom: STREET_ZOOM, clusterRadius: 36, clusterProperties: { level: ["max", ["get", "level"]] } }),
    ]),
    layers: [
      { id: "ground", type: "background", paint: { "background-color": dark ? "#0b1f2e" : "#dce6ee" } },
      { id: "land", type: "fill", source: "areas", paint: { "fill-color": dark ? "#1c2a36" : "#f7f7f4" } },
      { id: "borders", type: "line", source: "areas", paint: { "line-color": dark ? "#6b7a89" : "#7a8793", "line-width": ["interpolate", ["linear"], ["get", "rank"], 1, 2.5, 5, 0.75] } },
      { id: "warning-fill", type: "fill", source: "warnings", paint: { "fill-color": fills, "fill-opacity": 0.25 } },
      { id: "warning-edge", type: "line", source: "warnings", filter: ["!", ["get", "draft"]], paint: { "line-color": fills, "line-width": 2.5 } },
      { id: "draft-edge", type: "line", source: "warnings", filter: ["get", "draft"], paint: { "line-color": fills, "line-width": 2.5, "line-dasharray": [2, 2] } },
      { id: "warning-words", type: "symbol", source: "warnings", minzoom: 7, layout: { ...words(12), "text-field": ["case", ["get", "draft"], ["concat", draftWord, " ", ["get", "title"]], ["get", "title"]], "text-optional": true }, paint: said },
      { id: "facility-marks", type: "circle", source: "facilities", minzoom: 8, paint: { "circle-radius": 3, "circle-color": halo, "circle-stroke-color": ink, "circle-stroke-width": 1.5 } },
      { id: "facility-words", type: "symbol", source: "facilities", minzoom: 12, layout: { ...words(12), "text-field": ["get", "title"], "text-offset": [0, 1.1], "text-anchor": "top" }, paint: said },
      { id: "area-words", type: "symbol", source: "labels", layout: { ...words(13), "text-field": ["get", "title"] }, paint: { ...said, "text-opacity": 0.85 } },
      { id: "chosen-ring", type: "circle", source: "chosen", paint: { "circle-radius": 17, "circle-opacity": 0, "circle-stroke-color": ink, "circle-stroke-width": 3 } },
      {
        id: "event-clusters", type: "symbol", source: "events", filter: ["has", "point_count"],
        layout: {
          "icon-image": ["concat", "mark-", ["get", "level"], "-big"], "icon-allow-overlap": true, "symbol-sort-key": ["get", "level"],
          ...words(15), "text-field": ["get", "point_count_abbreviated"], "text-anchor": "left", "text-offset": [1.15, 0], "text-allow-overlap": true,
        },
        paint: { ...said, "text-halo-width": 2 },
      },
      {
        id: "event-marks", type: "symbol", source: "events", filter: ["!", ["has", "point_count"]],
        layout: { "icon-image": ["concat", "mark-", ["get", "level"], "-one"], "icon-allow-overlap": true, "symbol-sort-key": ["get", "level"] },
        paint: { "icon-opacity": ["match", ["get", "level"], lowest, 0.6, 1] }, // the lowest recedes, the highest stand out
      },
    ],
  };
}

const byRank = (data, field) => ["match", ["get", "level"], ...data.levels.flatMap((level) => [level.rank, level[field]]), "#808080"];

// ---------------------------------------------------------------- marks
function addMarks(map, levels) {
  const highest = Math.max(...levels.map((level) => level.rank));
  for (const level of levels) {
    const size = SIZES[level.rank] ?? 18;
    map.addImage(`mark-${level.rank}-one`, draw(level, size, level.rank === highest), { pixelRatio: 2 });
    map.addImage(`mark-${level.rank}-big`, draw(level, size + 6, level.rank === highest), { pixelRatio: 2 });
  }
}

// Shape with an outline; the highest rank with a light ring around it as well.
function draw(level, size, ring) {
  const dark = isDark();
  const room = size + (ring ? 8 : 5);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * room;
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  pen.translate((room - size) / 2, (room - size) / 2);
  pen.scale(size / 20, size / 20);
  pen.lineJoin = "round";
  const path = new Path2D(level.path);
  const unit = 20 / size;
  if (ring) {
    pen.strokeStyle = "#14202b";
    pen.lineWidth = 7 * unit;
    pen.stroke(path);
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 4 * unit;
    pen.stroke(path);
  } else {
    pen.strokeStyle = dark ? "#0b1f2e" : "#14202b";
    pen.lineWidth = 3 * unit;
    pen.stroke(path);
  }
  pen.fillStyle = dark ? level.dark_fill : level.fill;
  pen.fill(path);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
