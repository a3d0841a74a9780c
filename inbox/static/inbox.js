// The inbox as one live page: changes arrive as ids, the page fetches the fragments it may see and patches them in.
import * as composer from "./composer.js";
import { concerns } from "./concerns.js";
import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";
import { sync, startOlder } from "./older.js";
import { pace } from "./pace.js";
import { parse, patch, remember } from "./patch.js";
import { createStream } from "./stream.js";
import { startTicking, tick } from "./ticker.js";
import { count } from "./title.js";
import { say } from "./words.js";

const LIST_EVERY_MS = 400;
const COUNTS_EVERY_MS = 3000;
const NEAR_PX = 90;
const desk = document.querySelector("[data-desk]");
const banner = document.getElementById("offline");
const announce = document.getElementById("announce");

const talk = () => document.querySelector('[data-pane="talk"]');
const openId = () => talk().dataset.conversation ?? "";
const head = () => document.querySelector('[data-region="list-head"]').dataset;
const view = () => head().view;
const scroller = () => document.querySelector("[data-scroll]");

class SignedOut extends Error {}
class Gone extends Error {}

async function html(url, options) {
  const answer = await fetch(url, options);
  if (answer.status === 401) throw new SignedOut();
  if (answer.status === 403 || answer.status === 404) throw new Gone();
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

const background = (url) => html(url, { headers: { "X-Background": "1" } }).then((answer) => answer.text());

function leaveIfSignedOut(error) {
  if (error instanceof SignedOut) location.assign(`/?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
}

const paced = (work, gap) => pace(work, gap, leaveIfSignedOut);

function nearEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
}

function toEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
  const fresh = document.querySelector("[data-fresh]");
  if (fresh) fresh.hidden = true;
}

function showCounts() {
  const counts = JSON.parse(head().counts);
  for (const node of document.querySelectorAll("[data-count]")) {
    const count = counts[node.dataset.count] || "";
    const text = count > 999 ? "999+" : String(count);
    if (node.textContent !== text) node.textContent = text;
  }
  count("waiting", counts.waiting);
}

function showView() {
  for (const link of document.querySelectorAll(".views [data-view]")) {
    if (link.dataset.view === view()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

async function lookAtList(part) {
  const url = new URL(head().listUrl, location.href);
  if (part) url.searchParams.set("part", part);
  if (openId()) url.searchParams.set("open", openId());
  const asked = `${head().listUrl} ${openId()}`;
  const fresh = parse(await background(url));
  // The person went elsewhere meanwhile: this answer belongs to another list.
  if (asked !== `${head().listUrl} ${openId()}`) return;
  const { list = [] } = patch(fresh);
  for (const row of list) {
    if (row.dataset.status !== "waiting") continue;
    row.classList.add("arrived");
    announce.textContent = say("waiting", { name: row.dataset.name });
  }
  showCounts();
  sync(openId());
  tick();
}

const refreshList = paced(() => lookAtList(), LIST_EVERY_MS);
const refreshCounts = paced(() => lookAtList("head"), COUNTS_EVERY_MS);

// Whether what stands beside the words may have changed as well, and whether words that are here already did.
let besides = false;
let settled = false;

const refreshThread = paced(async () => {
  const id = openId();
  if (!id) return;
  let fresh;
  const newest = talk().querySelector('[data-region="thread"]')?.lastElementChild?.dataset.key ?? "";
  const { threadUrl, saidUrl } = talk().dataset;
  const url = besides ? threadUrl : `${saidUrl}&after=${settled ? "" : encodeURIComponent(newest)}`;
  besides = settled = false;
  try {
    fresh = parse(await background(url));
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    warn(say("gone"));
    visit(document.querySelector(".back").href);
    return;
  }
  if (id !== openId()) return;
  const follow = nearEnd();
  const { thread = [], missed } = patch(fresh);
  // More was said than the last words hold.
  if (missed) { besides = true; refreshThread(); }
  composer.restore();
  tick();
  if (!thread.length) return;
  if (follow) toEnd();
  else document.querySelector("[data-fresh]").hidden = false;
}, 60);

function refresh() {
  besides = true;
  return Promise.all([refreshList(), refreshThread()]);
}

const stream = createStream({
  onChange(change) {
    if (concerns(view(), change.topics)) refreshList();
    else refreshCounts();
    if (change.conversation && change.conversation !== openId()) return;
    besides ||= !change.said;
    settled ||= Boolean(change.settled);
    refreshThread();
  },
  onUp() { hideBanner("offline"); refresh(); },
  onDown() { showBanner(say("offline"), "offline"); },
  // Signed out, or a conversation that is no longer ours: the fragments' answers say which.
  onRefused: () => refresh(),
});

function showBanner(text, kind) {
  banner.querySelector("span").textContent = text;
  banner.dataset.kind = kind;
  banner.hidden = false;
}

function hideBanner(kind) {
  if (banner.dataset.kind === kind) banner.hidden = true;
}

function warn(text) {
  showBanner(text, "word");
  setTimeout(hideBanner, 6000, "word");
}

function listen() {
  const topics = openId() ? `inbox,conversation:${openId()}` : "inbox";
  stream.listen(`${desk.dataset.eventsUrl}?topics=${encodeURIComponent(topics)}`);
}

let going = null;

/** Opens a conversation or a view without leaving the page; falls back to a plain visit when anything is odd. */
async function visit(url, { push = true, focus = false } = {}) {
  going?.abort();
  going = new AbortController();
  let fresh;
  try {
    const answer = await html(url, { signal: going.signal });
    fresh = parse(await answer.text());
    if (!fresh.querySelector("[data-desk]")) throw new Error("not the inbox");
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
    return;
  }
  if (push) history.pushState({}, "", url);
  for (const old of document.querySelectorAll("[data-pane]")) old.remove();
  for (const pane of fresh.querySelectorAll("[data-pane]")) desk.append(document.importNode(pane, true));
  remember(desk.querySelector('[data-pane="talk"]'));
  const facts = desk.querySelector('[data-pane="facts"]');
  if (facts) remember(facts);
  desk.classList.toggle("has-open", Boolean(openId()));
  patch(fresh);
  showView();
  showCounts();
  arrive();
  if (focus) talk().querySelector("h2, textarea")?.closest("section").focus();
}

function arrive() {
  composer.restore();
  sync(openId());
  tick();
  toEnd();
  listen();
}

async function act(form) {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const taking = form.action.includes("/take");
  let done = false;
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status === 401) throw new SignedOut();
    done = answer.ok;
    if (!done) {
      const { error } = await answer.json();
      warn(error);
    }
  } catch (error) {
    leaveIfSignedOut(error);
    warn(say("failed"));
  }
  button.removeAttribute("aria-busy");
  if (taking && done) composer.focus(true);
  refresh();
}

desk.addEventListener("submit", (event) => {
  if (!("act" in event.target.dataset)) return;
  event.preventDefault();
  act(event.target);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-fresh]")) return toEnd();
  const toggle = event.target.closest('[data-toggle="facts"]');
  if (toggle) {
    const open = document.getElementById("facts").classList.toggle("open");
    document.querySelector(".facts-toggle").setAttribute("aria-expanded", String(open));
    (open ? document.querySelector(".facts-close") : document.querySelector(".facts-toggle")).focus();
    return;
  }
  const link = event.target.closest("a.row, a.other, a.view, a.chip, a.back, a.skill, a.tag, a.again, [data-visit]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  visit(link.href);
});

addEventListener("popstate", () => visit(location.href, { push: false }));

document.addEventListener("scroll", (event) => {
  if (event.target === scroller() && nearEnd()) document.querySelector("[data-fresh]").hidden = true;
}, true);

function step(by) {
  const rows = [...document.querySelectorAll("a.row")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  next.scrollIntoView({ block: "nearest" });
  visit(next.href);
}

function openFilter() {
  const part = document.querySelector('[data-region="filter"]');
  part.open = true;
  part.querySelector("#filter-tag").focus();
}

desk.addEventListener("submit", (event) => {
  if (!("filters" in event.target.dataset)) return;
  event.preventDefault();
  const url = new URL(event.target.action);
  for (const [name, value] of new FormData(event.target)) if (value) url.searchParams.set(name, value);
  visit(url.href);
});

/** A dialog's form went through: on in the conversation, or to the list where it is no longer theirs. */
function done({ said, to }) {
  announce.textContent = said;
  if (openId() && new URL(to, location.href).pathname.endsWith(openId())) refresh();
  else visit(to, { focus: true });
}

function lost(error) {
  leaveIfSignedOut(error);
  warn(error instanceof Gone ? say("gone") : say("failed"));
}
setTimeout(() => document.querySelector(".desk-flashes")?.replaceChildren(), 6000);
remember(document);
showCounts();
startTicking();
composer.startComposer(refresh);
startKeys({ step, reply: () => composer.focus(), go: visit, filter: openFilter });
startOlder(background);
startDialogs({ fetchPage: (url) => html(url).then((answer) => answer.text()), done, lost });
arrive();
