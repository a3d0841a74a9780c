/** The strict profile hides a page that nobody uses (idle.css); whoever moves starts the ten minutes anew. */
const EVERY_MS = 5000;
let told = 0;

function hidden() {
  const veil = document.querySelector(".idle-veil");
  return !!veil && getComputedStyle(veil).visibility === "visible";
}

function here() {
  const now = Date.now();
  if (now - told < EVERY_MS || hidden()) return;
  told = now;
  for (const one of document.getAnimations()) {
    if (one.animationName === "gone" || one.animationName === "back") one.currentTime = 0;
  }
}

for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
  addEventListener(kind, here, { passive: true, capture: true });
}
