// The monitor follows the house by itself, but never moves a row under a pointer or the focus: it counts what changed
// and waits.
import { pace } from "./pace.js";
import { parse, patch, remember } from "./patch.js";
import { createStream } from "./stream.js";
import { startTicking, tick } from "./ticker.js";
import { say } from "./words.js";

const EVERY_MS = 1500;
const LEFT_MS = 250;
const desk = document.querySelector("[data-monitor]");
const held = desk.querySelector("[data-held]");
const announce = document.getElementById("announce");
const list = () => desk.querySelector('[data-region="watched"]');

let waiting = null;
let shown = states(list());

function states(of) {
  return new Map([...of.children].map((row, at) => [row.dataset.key, `${at} ${row.dataset.state ?? ""}`]));
}

function changes(fresh) {
  const next = states(fresh);
  const keys = new Set([...shown.keys(), ...next.keys()]);
  return [...keys].filter((key) => shown.get(key) !== next.get(key)).length;
}

const busy = () => list().matches(":hover") || list().contains(document.activeElement);

function apply() {
  if (!waiting) return;
  const fresh = waiting;
  waiting = null;
  shown = states(fresh.querySelector('[data-region="watched"]'));
  patch(fresh);
  held.hidden = true;
  tick();
}

function arrived(fresh) {
  const n = changes(fresh.querySelector('[data-region="watched"]'));
  waiting = fresh;
  if (!n || !busy()) return apply();
  // Figures take the same room whatever they say; the crew may take a line more and would push the list.
  const above = fresh.querySelector('[data-region="tallies"]').outerHTML;
  patch(parse(above));
  tick();
  held.querySelector("span").textContent = say("changes", { n });
  if (held.hidden) announce.textContent = say("changes", { n });
  held.hidden = false;
}

const look = pace(async () => {
  const answer = await fetch(desk.dataset.rowsUrl, { headers: { "X-Background": "1" } });
  if (answer.status === 401) location.assign(`/?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
  if (answer.ok) arrived(parse(await answer.text()));
  // What failed is asked again: the stream says when the house is back.
}, EVERY_MS, () => {});

const banner = document.getElementById("offline");
const stream = createStream({
  onChange: look,
  onUp() { banner.hidden = true; look(); },
  onDown() { banner.querySelector("span").textContent = say("offline"); banner.hidden = false; },
  onRefused: look,
});

held.addEventListener("click", () => { apply(); list().querySelector("a")?.focus(); });
desk.addEventListener("pointerout", () => setTimeout(() => { if (!busy()) apply(); }, LEFT_MS));
desk.addEventListener("focusout", () => setTimeout(() => { if (!busy()) apply(); }, LEFT_MS));
document.querySelector("[data-filters]").addEventListener("change", (event) => event.currentTarget.requestSubmit());

remember(document);
startTicking();
stream.listen(desk.dataset.eventsUrl);
