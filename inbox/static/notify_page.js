// The settings of notifications: permission is asked on a click and on nothing else.
import { chime, notify } from "./notify.js";

const desktop = document.querySelector("[data-desktop]");
const denied = document.querySelector("[data-denied]");
const trial = document.querySelector("[data-try]");

async function ask() {
  if (!desktop.checked) { denied.hidden = true; return; }
  const allowed = "Notification" in window && (await Notification.requestPermission()) === "granted";
  desktop.checked = allowed;
  denied.hidden = allowed;
}

desktop.addEventListener("change", ask);
trial.hidden = false;
trial.addEventListener("click", () => {
  if (document.querySelector("[name=sound]").checked) chime();
  if (desktop.checked) notify(trial.dataset.said, "", "trial");
});
