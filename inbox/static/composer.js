// The reply field: the draft survives reloads and network drops, and one reply is sent once however often one presses.
import * as kept from "./kept.js";
import { say } from "./words.js";

// A minute of trying again: longer, and the agent should know rather than hope.
const AGAIN_MS = [1000, 2000, 4000, 8000, 15000, 15000, 15000];

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

let awaited = false;
let looked = false;

const form = () => document.querySelector("[data-reply]");
const conversation = () => document.querySelector("[data-conversation]")?.dataset.conversation;

function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

function count(of) {
  const limit = Number(of.dataset.limit);
  const left = of.querySelector("[data-left]");
  if (!limit) return true;
  const rest = limit - of.elements.text.value.length;
  left.textContent = rest < 0 ? say("over", { n: -rest }) : rest < limit / 5 ? say("left", { n: rest }) : "";
  left.classList.toggle("over", rest < 0);
  return rest >= 0;
}

function complain(of, text) {
  const line = of.querySelector(".composer-error");
  line.textContent = text ?? "";
  line.hidden = !text;
}

/** The question why a reply that reads as advice may be sent; without a text it goes away, and its answer with it. */
function ask(of, text) {
  const part = of.querySelector("[data-advice]");
  const thread = document.querySelector("[data-scroll].thread");
  const below = thread ? thread.scrollHeight - thread.scrollTop - thread.clientHeight : 0;
  part.hidden = !text;
  if (text) part.querySelector("[data-warning]").textContent = text;
  else of.elements.reason.value = "";
  // It takes room from the thread: what one answers must not slide out of sight.
  if (thread) thread.scrollTop = thread.scrollHeight - thread.clientHeight - below;
}

function keep(of) {
  const { text, reason, client_id } = of.elements;
  const warning = of.querySelector("[data-advice]").hidden ? "" : of.querySelector("[data-warning]").textContent;
  kept.keep(conversation(), of, { text: text.value, client: client_id.value, reason: reason.value, warning });
}

/** Puts the draft of the open conversation back; call whenever the composer was drawn anew. */
export function restore() {
  const here = form();
  if (!here || here.dataset.ready) return;
  here.dataset.ready = "1";
  const draft = kept.read(conversation());
  if (draft) {
    here.elements.text.value = draft.text;
    here.elements.client_id.value = draft.client;
    if (draft.warning) {
      ask(here, draft.warning);
      here.elements.reason.value = draft.reason ?? "";
    }
  }
  fit(here.elements.text);
  count(here);
  if (awaited) focus();
  if (!draft) look(here);
}

/** The last letters before a reload may have reached the server after the page had been written. */
async function look(here) {
  const before = here.elements.text.value;
  const [visit] = performance.getEntriesByType("navigation");
  if (looked || !visit || visit.type === "navigate") return;
  looked = true;
  const found = await kept.asked(here);
  if (!found?.text || !here.isConnected || here.elements.text.value !== before) return;
  here.elements.text.value = found.text;
  here.elements.client_id.value = found.client_id;
  if (found.warning) ask(here, found.warning);
  if (found.warning && found.reason.length > here.elements.reason.value.length) here.elements.reason.value = found.reason;
  fit(here.elements.text);
  count(here);
}

/** Puts the cursor into the field; into the one still to be drawn where there is none yet. */
export function focus(later = false) {
  const here = form();
  awaited = later && !here;
  here?.elements.text.focus();
}

const online = () => new Promise((done) => addEventListener("online", done, { once: true }));
const after = (ms) => new Promise((done) => setTimeout(done, ms));

/** Posts until an answer comes; the same client id goes out each time, so it cannot become two messages. */
async function post(action, body, onWait) {
  for (const wait of [0, ...AGAIN_MS]) {
    if (wait) await Promise.race([after(wait), online()]);
    try {
      const answer = await fetch(action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status < 502 || answer.status > 504) return answer;
    } catch { /* No connection, or the answer was lost on the way. */ }
    onWait();
  }
  return null;
}

function busy(here, on) {
  for (const node of [here, here.querySelector(".composer-foot .primary")]) {
    if (on) node.setAttribute("aria-busy", "true");
    else node.removeAttribute("aria-busy");
  }
  here.elements.text.readOnly = on;
}

async function send(here, onSent) {
  const text = here.elements.text.value.trim();
  if (!text || here.getAttribute("aria-busy") === "true") return;
  if (!count(here)) return complain(here, here.querySelector("[data-left]").textContent);
  const id = conversation();
  const body = new URLSearchParams(new FormData(here));
  busy(here, true);
  complain(here, null);
  const answer = await post(here.action, body, () => complain(here, here.dataset.waiting));
  const result = (await answer?.json().catch(() => null)) ?? {};
  if (answer?.status === 401) return location.assign(`/?next=${encodeURIComponent(location.pathname)}`);
  busy(here, false);
  complain(here, null);
  if (answer?.status === 409 && result.advice) {
    ask(here, result.error);
    keep(here);
    here.elements.reason.focus();
  } else if (!answer) complain(here, here.dataset.gaveUp);
  else if (!answer.ok) complain(here, result.error || say("failed"));
  else {
    kept.keep(id, here, { text: "", client: body.get("client_id") });
    document.dispatchEvent(new Event("teller:sent"));
    if (here.isConnected) {
      here.elements.text.value = "";
      here.elements.client_id.value = newId();
      ask(here, null);
      fit(here.elements.text);
      count(here);
    }
  }
  onSent();
}

export function startComposer(onSent) {
  document.addEventListener("input", (event) => {
    const here = form();
    if (!here || (event.target !== here.elements.text && event.target !== here.elements.reason)) return;
    keep(here);
    fit(here.elements.text);
    count(here);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-reply]")) return;
    event.preventDefault();
    send(event.target, onSent);
  });
  document.addEventListener("keydown", (event) => {
    const here = form();
    if (!here || event.target !== here.elements.text) return;
    // While an input method is composing, Enter picks a character.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      here.requestSubmit();
    }
  });
  restore();
}
