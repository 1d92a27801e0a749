// The connection itself. EventSource reconnects and sends Last-Event-ID by itself, except after an HTTP error. "over": the
// session ended or stands for another post now; then nothing more is asked.
export function openStream(url, since, hear) {
  let last = since;
  let source;
  let wait = 2000;
  let done = false;
  const end = () => {
    done = true;
    source.close();
  };
  const over = () => {
    if (done) return;
    end();
    hear({ kind: "over", id: last, body: {} });
  };
  // EventSource does not tell the status, so it is asked for once more: 401 and 403 will not change by waiting.
  const refused = async () => {
    const asking = new AbortController();
    try {
      const answer = await fetch(url, { signal: asking.signal, redirect: "manual" });
      return answer.status === 401 || answer.status === 403;
    } catch {
      return false;
    } finally {
      asking.abort();
    }
  };
  const open = () => {
    if (done) return;
    source = new EventSource(`${url}?since=${encodeURIComponent(last)}`);
    source.onopen = () => { wait = 2000; };
    for (const kind of ["changes", "beat", "many"]) {
      source.addEventListener(kind, (message) => {
        if (message.lastEventId) last = message.lastEventId;
        hear({ kind, id: last, body: JSON.parse(message.data) });
      });
    }
    source.addEventListener("over", over);
    source.onerror = async () => {
      if (done || source.readyState !== EventSource.CLOSED) return;
      if (await refused()) return over();
      setTimeout(open, wait);
      wait = Math.min(30000, 2 * wait);
    };
  };
  open();
  return end;
}
