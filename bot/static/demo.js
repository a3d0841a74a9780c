// A question on the page is asked in the chat; the chat's own script makes TellerChat.
for (const question of document.querySelectorAll(".ask button")) {
  question.addEventListener("click", () => window.TellerChat?.send(question.textContent));
}
