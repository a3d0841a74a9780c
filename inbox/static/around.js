// Who else is in the open conversation: the stream says that it changed, this fetches the sentence. And that one types.
import { parse, patch } from "./patch.js";

const TELL_MS = 3000;
const region = () => document.querySelector('[data-region="around"]');

async function look() {
  const here = region();
  if (!here) return;
  try {
    const answer = await fetch(here.dataset.aroundUrl, { headers: { "X-Background": "1" } });
    if (answer.ok && region()?.dataset.for === here.dataset.for) patch(parse(await answer.text()));
  } catch { /* The next change, or the page's own refresh, brings it. */ }
}

let told = 0;
let toldAt = "";

function tell(writes) {
  const here = region();
  const token = document.querySelector('[data-reply] [name="csrf_token"]')?.value;
  if (!here || !token) return;
  const now = Date.now();
  if (writes && toldAt === here.dataset.for && now - told < TELL_MS) return;
  if (!writes && !told) return;
  told = writes ? now : 0;
  toldAt = here.dataset.for;
  const body = new URLSearchParams({ csrf_token: token, ...(writes ? {} : { off: "1" }) });
  fetch(here.dataset.typingUrl, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {});
}

document.addEventListener("teller:around", look);
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-reply] textarea")) tell(Boolean(event.target.value.trim()));
});
document.addEventListener("teller:sent", () => tell(false));
