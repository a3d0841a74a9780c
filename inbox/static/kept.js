// What was typed and not sent, by conversation: here while the page lives, on the server for a reload or another
// device. Nothing of it goes into the browser's storage, which others at this desk could read.

const PAUSE_MS = 350;
const held = new Map();
const dirty = new Map();
let timer = 0;

export const read = (id) => held.get(id);

async function save(id, { url, token, draft }) {
  const body = new URLSearchParams({ csrf_token: token, text: draft.text, client_id: draft.client, reason: draft.reason ?? "", warning: draft.warning ?? "" });
  try {
    const answer = await fetch(url, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } });
    // The server's no is its last word; only what never arrived is tried again.
    if (!answer.ok && answer.status >= 500) throw new Error(String(answer.status));
  } catch {
    if (!dirty.has(id)) dirty.set(id, { url, token, draft });
  }
}

export function flush() {
  clearTimeout(timer);
  const now = [...dirty];
  dirty.clear();
  for (const [id, one] of now) save(id, one);
}

/** Keeps `draft` ({text, client, reason, warning}) of the conversation `id`; without a text it is forgotten. */
export function keep(id, form, draft) {
  const before = JSON.stringify(held.get(id));
  if (draft.text) held.set(id, draft);
  else held.delete(id);
  if (draft.text && before === JSON.stringify(draft)) return;
  dirty.set(id, { url: form.dataset.typedUrl, token: form.elements.csrf_token.value, draft });
  clearTimeout(timer);
  timer = setTimeout(flush, PAUSE_MS);
}

/** What the server has, for a page that came back before the last letters had arrived there. */
export async function asked(form) {
  try {
    const answer = await fetch(form.dataset.typedUrl, { headers: { "X-Background": "1" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

addEventListener("beforeunload", flush);
addEventListener("pagehide", flush);
addEventListener("online", flush);
document.addEventListener("visibilitychange", () => document.hidden && flush());
