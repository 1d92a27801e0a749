// The connection itself. EventSource reconnects and sends Last-Event-ID by itself, except after an HTTP error.
export function openStream(url, since, hear) {
  let last = since;
  let source;
  const open = () => {
    source = new EventSource(`${url}?since=${encodeURIComponent(last)}`);
    for (const kind of ["changes", "beat", "many"]) {
      source.addEventListener(kind, (message) => {
        if (message.lastEventId) last = message.lastEventId;
        hear({ kind, id: last, body: JSON.parse(message.data) });
      });
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, 2000);
    };
  };
  open();
  return () => source.close();
}
