// Behaviour of every page: copying, asking before a change that hurts, showing that a form is under way.

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const label = copy.querySelector("span");
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      label.textContent = copy.dataset.done;
    } catch {
      // Without https there is no clipboard: select the text, so that Ctrl+C does it.
      getSelection().selectAllChildren(copy.previousElementSibling);
      return;
    }
    setTimeout(() => { label.textContent = before; }, 1600);
    return;
  }
  const open = event.target.closest("[data-open]");
  if (open) document.getElementById(open.dataset.open)?.showModal();
  for (const menu of document.querySelectorAll("details.account[open]")) {
    if (!menu.contains(event.target) || open) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.account[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  // What one agent typed must not wait for the next person at this desk.
  if ("signOut" in form.dataset) sessionStorage.clear();
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  if ("act" in form.dataset || "busy" in form.dataset) {
    form.setAttribute("aria-busy", "true");
    form.querySelector(".button")?.setAttribute("aria-busy", "true");
  }
});

// A page from the back-forward cache would still look busy.
addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
});
