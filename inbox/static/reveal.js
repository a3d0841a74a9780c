// A masked field in full, in its place in the conversation: gone after a minute, and at once when nobody looks.
import { say } from "./words.js";

const dialog = document.getElementById("verb");
let open = null;

function close() {
  if (!open) return;
  clearInterval(open.clock);
  open.box.remove();
  open = null;
}

function show(line, found) {
  close();
  const box = document.createElement("p");
  box.className = "revealed";
  box.setAttribute("role", "status");
  const name = document.createElement("b");
  name.textContent = found.name;
  const value = document.createElement("span");
  value.className = "value";
  value.textContent = found.value;
  const left = document.createElement("span");
  left.className = "muted";
  // Read out every second it would drown the value.
  left.setAttribute("aria-hidden", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = found.close;
  button.addEventListener("click", close);
  box.append(name, value, left, button);
  line.querySelector(".bubble").after(box);
  const until = Date.now() + found.seconds * 1000;
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (seconds <= 0) close();
    else left.textContent = `${seconds} s`;
  };
  open = { box, clock: setInterval(tick, 500) };
  tick();
  box.scrollIntoView({ block: "nearest" });
  button.focus();
}

async function send(form, line) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  let fault = say("failed");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, cache: "no-store" });
    const found = await answer.json();
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      dialog.close();
      if (line.isConnected) show(line, found);
      return;
    }
    fault = found.error;
  } catch {
    // The sentence for a lost connection stands already.
  } finally {
    form.removeAttribute("aria-busy");
  }
  const place = form.querySelector("[data-error]");
  place.textContent = fault;
  place.hidden = false;
}

// Before the dialog's own way of sending forms, whose answers are not kept for a minute only.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("#verb form[data-reveal]");
  if (!form) return;
  const key = new URL(form.action).pathname.split("/").at(-2);
  const line = document.querySelector(`.line[data-key="${CSS.escape(key)}"]`);
  if (!line) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  send(form, line);
}, true);

const page = document.querySelector("[data-revealed]");
if (page) {
  const leave = () => {
    page.querySelector(".value")?.remove();
    location.replace(page.dataset.revealed);
  };
  setTimeout(leave, Number(page.dataset.seconds) * 1000);
  addEventListener("blur", leave);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  addEventListener("pageshow", (event) => { if (event.persisted) leave(); });
} else {
  addEventListener("blur", close);
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); });
  addEventListener("pagehide", close);
}
