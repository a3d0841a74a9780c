// The preview follows the typing; without this script the button "Preview" does it. Leaving asks while text is unsaved.

const form = document.getElementById("editor");
const look = document.getElementById("look");
let timer = 0;
let asked = 0;
let typed = false;

async function refresh() {
  const mine = ++asked;
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    look.replaceChildren(...fresh.body.childNodes);
  } catch {
    // No connection: the last preview stays, and so does the text.
  }
}

form.addEventListener("input", () => {
  typed = true;
  clearTimeout(timer);
  timer = setTimeout(refresh, 400);
});
form.addEventListener("submit", () => { typed = false; });
addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
