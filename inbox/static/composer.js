// The reply field: the draft survives reloads and network drops, and one reply is sent once however often one presses.
import { say } from "./words.js";

const key = (id) => `draft:${id}`;

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

function readDraft(id) {
  try {
    return JSON.parse(sessionStorage.getItem(key(id))) ?? {};
  } catch {
    return {};
  }
}

let awaited = false;

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
  const draft = { text: text.value, client: client_id.value, reason: reason.value, warning };
  if (text.value) sessionStorage.setItem(key(conversation()), JSON.stringify(draft));
  else sessionStorage.removeItem(key(conversation()));
}

/** Puts the draft of the open conversation back; call whenever the composer was drawn anew. */
export function restore() {
  const here = form();
  if (!here || here.dataset.ready) return;
  here.dataset.ready = "1";
  const draft = readDraft(conversation());
  if (draft.text) here.elements.text.value = draft.text;
  if (draft.text && draft.warning) {
    ask(here, draft.warning);
    here.elements.reason.value = draft.reason ?? "";
  }
  if (draft.client) here.elements.client_id.value = draft.client;
  fit(here.elements.text);
  count(here);
  if (awaited) focus();
}

/** Puts the cursor into the field; into the one still to be drawn where there is none yet. */
export function focus(later = false) {
  const here = form();
  awaited = later && !here;
  here?.elements.text.focus();
}

async function send(here, onSent) {
  const text = here.elements.text.value.trim();
  if (!text || here.getAttribute("aria-busy") === "true") return;
  if (!count(here)) return complain(here, here.querySelector("[data-left]").textContent);
  const id = conversation();
  const body = new URLSearchParams(new FormData(here));
  here.setAttribute("aria-busy", "true");
  here.querySelector(".button").setAttribute("aria-busy", "true");
  here.elements.text.readOnly = true;
  complain(here, null);
  let fault = null;
  let asked = null;
  try {
    const answer = await fetch(here.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const result = await answer.json().catch(() => ({}));
    if (answer.status === 401) return location.assign(`/?next=${encodeURIComponent(location.pathname)}`);
    if (answer.status === 409 && result.advice) asked = result.error;
    else if (!answer.ok) fault = result.error || say("failed");
  } catch {
    // The server may have taken it: the same client id goes out again, so it cannot become two messages.
    fault = say("failed");
  } finally {
    here.removeAttribute("aria-busy");
    here.querySelector(".button").removeAttribute("aria-busy");
    here.elements.text.readOnly = false;
  }
  if (asked) {
    ask(here, asked);
    keep(here);
    here.elements.reason.focus();
  } else if (fault) complain(here, fault);
  else {
    sessionStorage.removeItem(key(id));
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
