// Follows the work of a page: asks for its progress, and shows the result when there is one. Without it the page reloads.

import { parse, patch } from "./patch.js";

const EVERY_MS = 1200;
const headers = { "X-Background": "1" };

async function look() {
  const box = document.querySelector("[data-run]");
  if (!box?.dataset.ask) return;
  try {
    const answer = await fetch(box.dataset.ask, { headers });
    // The session is over: the page says so when it is loaded.
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      const fresh = parse(await answer.text());
      const now = fresh.querySelector("[data-run]");
      if (now?.dataset.run === "done") return location.assign(now.dataset.then);
      if (now && !now.dataset.ask) return location.reload();
      patch(fresh);
    }
  } catch {
    // No connection: the next look may find one.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
