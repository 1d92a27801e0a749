// The id of a message is a pair: how far detect's feed was read, and how far the ledger was ("120.4711").
const pair = (id) => String(id ?? "").split(".").map(Number);

export function isNewer(id, than) {
  const [event, entry = 0] = pair(id);
  const [otherEvent, otherEntry = 0] = pair(than);
  return event > otherEvent || entry > otherEntry;
}
