// A file to the customer: chosen, looked at by its name and size, sent by a second press. Dropped onto the field too.

const form = () => document.querySelector("[data-attach]");
let client = "";

function size(bytes) {
  return bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function complain(here, text) {
  const line = here.querySelector("[data-attach-error]");
  line.textContent = text ?? "";
  line.hidden = !text;
}

function show(here) {
  const [file] = here.elements.file.files;
  const label = here.querySelector(".attach-label span");
  label.dataset.idle ??= label.textContent;
  label.textContent = file ? `${file.name} (${size(file.size)})` : label.dataset.idle;
  here.classList.toggle("chosen", Boolean(file));
  here.querySelector("[data-attach-drop]").hidden = !file;
  const large = file && file.size > Number(here.elements.file.dataset.limit);
  complain(here, large ? here.elements.file.dataset.large : null);
  here.querySelector("[data-attach-send]").disabled = Boolean(large);
  // Another file is another message; the same one pressed twice is one.
  client = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
}

async function send(here) {
  if (here.getAttribute("aria-busy") === "true" || !here.elements.file.files.length) return;
  const button = here.querySelector("[data-attach-send]");
  here.setAttribute("aria-busy", "true");
  button.setAttribute("aria-busy", "true");
  complain(here, null);
  const body = new FormData(here);
  body.set("client_id", client);
  try {
    const answer = await fetch(here.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const result = await answer.json().catch(() => ({}));
    if (answer.status === 401) return location.assign(`/?next=${encodeURIComponent(location.pathname)}`);
    if (answer.status === 413) complain(here, here.elements.file.dataset.large);
    else if (!answer.ok) complain(here, result.error || here.elements.file.dataset.failed);
    else {
      here.reset();
      show(here);
    }
  } catch {
    complain(here, here.elements.file.dataset.failed);
  } finally {
    here.removeAttribute("aria-busy");
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-attach] input[type=file]")) show(event.target.form);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-attach]")) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-attach-drop]")) return;
  form().reset();
  show(form());
  form().elements.file.focus();
});
for (const kind of ["paste", "drop"]) {
  document.addEventListener(kind, (event) => {
    const here = form();
    const files = (event.clipboardData ?? event.dataTransfer)?.files;
    if (!here || !files?.length || !event.target.closest?.(".composer")) return;
    event.preventDefault();
    here.elements.file.files = files;
    show(here);
  });
}

function arrive() {
  const here = form();
  if (here && !here.classList.contains("scripted")) here.classList.add("scripted");
}
new MutationObserver(arrive).observe(document.querySelector("[data-desk]"), { childList: true, subtree: true });
arrive();
