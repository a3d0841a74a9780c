// Single keys for those who live in the inbox all day; they can be switched off, and never fire while typing.

const SETTING = "teller-single-keys";
// How long after G the letter of a list may come.
const GO_MS = 1500;

export function startKeys({ step, reply, go, filter }) {
  const dialog = document.getElementById("shortcuts");
  const box = document.getElementById("shortcuts-on");
  let going = 0;
  box.checked = localStorage.getItem(SETTING) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SETTING, box.checked ? "on" : "off"));

  function view(name) {
    const views = [...document.querySelectorAll(".views [data-go]")];
    const found = /^[1-9]$/.test(name) ? views[Number(name) - 1] : views.find((one) => one.dataset.go === name);
    if (found) go(found.href);
    return Boolean(found);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input:not([type='checkbox']), textarea, select");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      document.getElementById("facts")?.classList.remove("open");
      return;
    }
    if (typing || !box.checked) return;
    const name = event.key.toLowerCase();
    const after = performance.now() - going < GO_MS;
    going = 0;
    if (after && view(name)) {
      event.preventDefault();
      return;
    }
    if (name === "g") going = performance.now();
    else if (name === "j" || name === "k") step(name === "j" ? 1 : -1);
    else if (name === "r") reply();
    else if (name === "/") filter();
    else if (name === "?") dialog.showModal();
    else if (!/^[1-9]$/.test(name) || !view(name)) {
      const button = document.querySelector(`[data-shortcut="${CSS.escape(name)}"]`);
      if (!button) return;
      button.click();
    }
    event.preventDefault();
  });
}
