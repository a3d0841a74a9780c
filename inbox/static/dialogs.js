// Forms with a page of their own, shown as a dialog over the conversation; without this file they are plain pages.
import { say } from "./words.js";

const dialog = document.getElementById("verb");

/** `fetchPage(url)` gives a page's HTML, `done(answer)` is told what the server said to a form that went through. */
export function startDialogs({ fetchPage, done, lost }) {
  if (!dialog) return;

  async function open(link) {
    let page;
    try {
      page = new DOMParser().parseFromString(await fetchPage(link.href), "text/html");
    } catch (error) {
      lost(error);
      return;
    }
    const shown = page.querySelector("[data-verb-page]");
    if (!shown) return location.assign(link.href);
    dialog.replaceChildren(...document.importNode(shown, true).childNodes);
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  }

  async function send(form, button) {
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.append(button.name, button.value);
    const fault = form.querySelector("[data-error]");
    let said = null;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const result = await answer.json();
      if (answer.ok) {
        dialog.close();
        done(result);
        return;
      }
      if (answer.status === 401) return location.reload();
      said = result.error;
    } catch {
      said = say("failed");
    } finally {
      form.removeAttribute("aria-busy");
    }
    fault.textContent = said;
    fault.hidden = false;
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a[data-dialog]");
    if (link) {
      event.preventDefault();
      open(link);
    } else if (event.target.closest("#verb [data-close]")) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    // Other scripts of the page take forms too.
    event.stopPropagation();
    send(event.target, event.submitter);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    dialog.querySelector("form")?.requestSubmit();
  });
  dialog.addEventListener("close", () => dialog.replaceChildren());
}
