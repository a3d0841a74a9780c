// A draft of the model: fetched on a press, shown in its box, put into the composer by another. It sends nothing.

const WAIT_MS = 8000;
const NEAR_PX = 90;
const key = (client) => `assisted:${client}`;

const composer = () => document.querySelector("[data-reply]");
const part = (root, name) => root.querySelector(`[data-assist-${name}]`);

function busy(form, on) {
  const button = form.querySelector("button");
  button.disabled = on;
  if (on) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
  form.querySelector("[data-idle]").hidden = on;
  form.querySelector("[data-under-way]").hidden = !on;
}

function complain(root, text) {
  part(root, "error").textContent = text ?? "";
  part(root, "error").hidden = !text;
}

function show(root, text) {
  const thread = document.querySelector("[data-scroll]");
  const atEnd = thread && thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_PX;
  part(root, "text").textContent = text;
  part(root, "put").hidden = false;
  part(root, "close").hidden = false;
  part(root, "box").hidden = !text;
  // The box takes room from the thread: what the draft answers must not slide out of sight.
  if (atEnd) thread.scrollTop = thread.scrollHeight;
}

async function ask(form) {
  const root = form.closest("[data-assist]");
  const failed = part(root, "error").dataset.failed;
  busy(form, true);
  complain(root, null);
  try {
    const body = new URLSearchParams(new FormData(form));
    const signal = AbortSignal.timeout(WAIT_MS);
    const answer = await fetch(form.action, { method: "POST", body, signal, headers: { Accept: "application/json" } });
    const result = await answer.json().catch(() => ({}));
    if (answer.status === 401) return location.assign(`/?next=${encodeURIComponent(location.pathname)}`);
    if (!answer.ok) complain(root, result.error || failed);
    else show(root, result.text);
  } catch {
    complain(root, failed);
  } finally {
    busy(form, false);
  }
}

/** What is in the composer stays; the draft follows it. */
function put(root) {
  const here = composer();
  if (!here) return;
  const field = here.elements.text;
  const before = field.value.trimEnd();
  field.value = before ? `${before}\n${part(root, "text").textContent}` : part(root, "text").textContent;
  // By the message it went into, so that the next one, which has another id, is not said to be assisted.
  sessionStorage.setItem(key(here.elements.client_id.value), "1");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  show(root, "");
  field.focus();
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-assist-ask]")) {
    event.preventDefault();
    ask(event.target);
  }
});

// Before the composer reads its fields: a reload in between must not lose that a draft was used.
document.addEventListener("submit", (event) => {
  const here = event.target;
  if (!here.matches("[data-reply]")) return;
  const client = here.elements.client_id.value;
  let mark = here.elements.assisted;
  if (!mark) {
    mark = Object.assign(document.createElement("input"), { type: "hidden", name: "assisted" });
    here.append(mark);
  }
  mark.value = sessionStorage.getItem(key(client)) ? client : "";
}, true);

document.addEventListener("click", (event) => {
  const root = event.target.closest("[data-assist]");
  if (!root) return;
  if (event.target.closest("[data-assist-put]")) put(root);
  if (event.target.closest("[data-assist-close]")) show(root, "");
});

for (const root of document.querySelectorAll("[data-assist]")) show(root, part(root, "text").textContent.trim());
