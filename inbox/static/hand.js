// Approved articles beside the composer: sent by one click, put into the field to be edited, found by their words.
import { parse } from "./patch.js";

const PAUSE_MS = 220;
const NEAR_PX = 90;
const SETTING = "teller-articles";
// The id of a message under way, by conversation and article: a second press, or a retry, is the same message.
const under_way = new Map();

const panel = () => document.querySelector("[data-hand]");

function complain(text) {
  const line = document.querySelector("[data-hand-error]");
  if (!line) return;
  line.textContent = text ?? "";
  line.hidden = !text;
}

async function send(form) {
  if (form.getAttribute("aria-busy") === "true") return;
  const key = `${form.action} ${form.elements.article.value} ${form.elements.version.value}`;
  if (!under_way.has(key)) under_way.set(key, crypto.randomUUID?.() ?? String(Math.random()).slice(2));
  const button = form.querySelector("button");
  form.setAttribute("aria-busy", "true");
  button.setAttribute("aria-busy", "true");
  complain(null);
  const body = new URLSearchParams(new FormData(form));
  body.set("client_id", under_way.get(key));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const result = await answer.json().catch(() => ({}));
    if (answer.status === 401) return location.assign(`/?next=${encodeURIComponent(location.pathname)}`);
    if (answer.ok) {
      under_way.delete(key);
      document.dispatchEvent(new Event("teller:sent"));
    } else complain(result.error || document.querySelector("[data-hand-error]").dataset.failed);
  } catch {
    // The server may have taken it: pressed again, it goes out under the same id.
    complain(document.querySelector("[data-hand-error]")?.dataset.failed);
  } finally {
    form.removeAttribute("aria-busy");
    button.removeAttribute("aria-busy");
  }
}

/** What is in the field stays; the article follows it, and is free text from here on. */
function put(item) {
  const field = document.querySelector("[data-reply] textarea");
  if (!field) return;
  const text = [...item.querySelectorAll("[data-hand-text]")].map((part) => part.textContent).join("\n\n");
  const before = field.value.trimEnd();
  field.value = before ? `${before}\n${text}` : text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function show(root) {
  for (const button of root.querySelectorAll("[data-hand-put]")) button.hidden = false;
}

let asked = 0;
let timer = 0;

async function search(form) {
  const query = form.elements.q.value.trim();
  const number = ++asked;
  const into = document.querySelector("[data-hand-found]");
  const near = document.querySelector("[data-hand-near]");
  near.hidden = Boolean(query);
  if (!query) return into.replaceChildren();
  try {
    const url = `${form.action}?q=${encodeURIComponent(query)}`;
    const answer = await fetch(url, { headers: { "X-Background": "1" } });
    // A slower answer to an earlier word must not replace a later one.
    if (!answer.ok || number !== asked) return;
    into.replaceChildren(...document.importNode(parse(await answer.text()).body, true).childNodes);
    show(into);
  } catch { /* Typed on, it asks again. */ }
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-hand-send]")) {
    event.preventDefault();
    send(event.target);
  } else if (event.target.matches("[data-hand-search]")) {
    event.preventDefault();
    search(event.target);
  }
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-hand-search]");
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(search, PAUSE_MS, form);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-hand-put]")) put(event.target.closest(".hand-item"));
});

// Opened or closed by hand, it stays so in the next conversation.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-hand] > summary")) return;
  const details = panel();
  localStorage.setItem(SETTING, details.open ? "closed" : "open");
});

function arrive() {
  const details = panel();
  if (!details || details.dataset.ready) return;
  details.dataset.ready = "1";
  const thread = document.querySelector("[data-scroll].thread");
  const atEnd = thread && thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_PX;
  const wish = localStorage.getItem(SETTING);
  if (wish === "closed" || (!wish && matchMedia("(max-width: 820px)").matches)) details.open = false;
  show(details);
  // The panel takes room from the thread: what one answers must not slide out of sight.
  if (atEnd) thread.scrollTop = thread.scrollHeight;
}

new MutationObserver(arrive).observe(document.querySelector("[data-desk]"), { childList: true, subtree: true });
arrive();
