export { isNewer } from "./ids.js";

// One EventSource for all tabs of the browser: in a SharedWorker where there is one, else in this page.
// A background tab must hear an alarm as soon as the front one, so nothing pauses here.
export function listen(url, since, hear) {
  if (!("SharedWorker" in window)) return listenAlone(url, since, hear);
  const worker = new SharedWorker(new URL("./shared_stream.js", import.meta.url), { type: "module", name: url });
  worker.onerror = () => listenAlone(url, since, hear);
  worker.port.onmessage = ({ data }) => hear(data);
  worker.port.start();
  const join = () => worker.port.postMessage({ join: url, since });
  join();
  window.addEventListener("pagehide", () => worker.port.postMessage({ leave: true }));
  window.addEventListener("pageshow", (event) => event.persisted && join());
}

function listenAlone(url, since, hear) {
  import("./stream.js").then(({ openStream }) => openStream(url, since, hear));
}
