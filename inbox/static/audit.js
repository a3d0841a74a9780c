// Verdicts by keyboard: a digit chooses, Ctrl + Enter goes on. Off where somebody switched single keys off.

const form = document.querySelector("[data-judge]");
const off = () => localStorage.getItem("teller-single-keys") === "off";

document.addEventListener("keydown", (event) => {
  if (!form || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const typing = event.target.matches("input:not([type='radio']), textarea, select");
  if (typing || off() || event.ctrlKey || event.metaKey || event.altKey) return;
  const found = /^[1-9]$/.test(event.key) && form.querySelector(`[data-nth="${event.key}"]`);
  if (!found) return;
  event.preventDefault();
  found.checked = true;
  // What is right needs no word; everything else does.
  if (found.value === "right") found.focus();
  else form.querySelector("textarea").focus();
});
