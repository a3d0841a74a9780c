/** Runs `work` at once, then at most every `gap` ms, and always once after the last call. */
export function pace(work, gap, failed) {
  let running = false;
  let wanted = false;
  return async function run() {
    if (running) { wanted = true; return; }
    running = true;
    try { await work(); } catch (error) { failed(error); }
    setTimeout(() => { running = false; if (wanted) { wanted = false; run(); } }, gap);
  };
}
