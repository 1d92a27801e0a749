// What waits on this telephone: entries by their random key, in IndexedDB. Where there is none (a private window), put says so.
const opened = new Promise((resolve) => {
  try {
    const request = indexedDB.open("tocsin-field", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "once" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => resolve(null);
  } catch {
    resolve(null);
  }
});

async function run(mode, act) {
  const store = await opened;
  if (!store) return null;
  return new Promise((resolve) => {
    const transaction = store.transaction("outbox", mode, { durability: "strict" });
    const request = act(transaction.objectStore("outbox"));
    transaction.oncomplete = () => resolve({ value: request.result });
    transaction.onerror = transaction.onabort = () => resolve(null);
  });
}

export const all = async () => (await run("readonly", (store) => store.getAll()))?.value ?? [];
export const drop = (once) => run("readwrite", (store) => store.delete(once));

// True once the entry is on the disk of the telephone.
export const put = async (entry) => (await run("readwrite", (store) => store.put(entry))) !== null;
