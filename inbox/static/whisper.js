// A supervisor's word to the agent, without leaving the page; without this script the form posts as it is.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("whisper" in form.dataset)) return;
  event.preventDefault();
  const trouble = form.querySelector("[data-whisper-error]");
  const done = form.querySelector("[data-whisper-done]");
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  trouble.hidden = true;
  done.textContent = "";
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const { error } = await answer.json();
    if (!answer.ok) throw new Error(error);
    form.querySelector("textarea").value = "";
    done.textContent = done.dataset.said;
  } catch (error) {
    trouble.textContent = error instanceof TypeError || !error.message ? trouble.dataset.failed : error.message;
    trouble.hidden = false;
  }
  form.removeAttribute("aria-busy");
});
