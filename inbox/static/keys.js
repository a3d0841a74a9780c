// Single keys for those who live in the inbox all day; they can be switched off, and never fire while typing.

const SETTING = "teller-single-keys";

export function startKeys({ step, reply }) {
  const dialog = document.getElementById("shortcuts");
  const box = document.getElementById("shortcuts-on");
  box.checked = localStorage.getItem(SETTING) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SETTING, box.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      document.getElementById("facts")?.classList.remove("open");
      return;
    }
    if (typing || !box.checked) return;
    const name = event.key.toLowerCase();
    if (name === "j" || name === "k") step(name === "j" ? 1 : -1);
    else if (name === "r") reply();
    else if (name === "?") dialog.showModal();
    else {
      const button = document.querySelector(`[data-shortcut="${CSS.escape(name)}"]`);
      if (!button) return;
      button.click();
    }
    event.preventDefault();
  });
}
