// SharedWorker: one connection, many tabs. Keeps the last messages so that a tab that joins late misses nothing.
import { isNewer } from "./ids.js";
import { openStream } from "./stream.js";

const KEEP = 240;
const ports = new Set();
const kept = [];
let close = null;
let first = null;

function pass(message) {
  if (message.kind === "over") {  // what was kept belongs to a session that ended
    close = null;
    kept.length = 0;
  }
  if (message.kind === "changes") {
    kept.push(message);
    if (kept.length > KEEP) first = kept.shift().id;
  }
  for (const port of ports) port.postMessage(message);
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.leave) {
      ports.delete(port);
      if (!ports.size && close) {
        close();
        close = null;
        kept.length = 0;
      }
      return;
    }
    ports.add(port);
    if (!close) {
      first = data.since;
      close = openStream(data.join, data.since, pass);
    } else if (isNewer(first, data.since)) {
      port.postMessage({ kind: "many", id: first, body: {} });
    } else {
      for (const message of kept) if (isNewer(message.id, data.since)) port.postMessage(message);
    }
  };
  port.start();
};
