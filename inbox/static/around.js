// Who else is in the open conversation: the stream says that it changed, this fetches the sentence. And that one types.
import { parse, patch } from "./patch.js";
import { say } from "./words.js";

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

/** What the channel allows counts down: hours, minutes and seconds, days where there are more than two. */
function countdown() {
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((Date.parse(node.dataset.until) - Date.now()) / 1000));
    const clock = [left / 3600, (left / 60) % 60, left % 60].map((n) => String(Math.floor(n)).padStart(2, "0")).join(":");
    const text = left > 172800 ? say("days", { n: Math.floor(left / 86400) }) : clock;
    if (node.textContent !== text) node.textContent = text;
  }
}
setInterval(countdown, 1000);
countdown();
