// What "Show more" brought: rows below the live part of a list. They stand still; one that moves up leaves them.

const older = () => document.querySelector('[data-region="older"]');

/** No conversation twice in the list; the open one is marked wherever it stands. */
export function sync(openId) {
  const live = new Set([...document.querySelectorAll('[data-region="list"] [data-key]')].map((row) => row.dataset.key));
  for (const row of older()?.querySelectorAll("a.row") ?? []) {
    if (live.has(row.dataset.key)) row.remove();
    else if (row.dataset.key === openId) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

export function startOlder(background) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-more]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    link.setAttribute("aria-busy", "true");
    const place = older().dataset.for;
    try {
      const url = new URL(link.href);
      const page = new DOMParser().parseFromString(await background(`/inbox/list${url.search}`), "text/html");
      if (older().dataset.for !== place) return;
      const rows = [...page.querySelectorAll('[data-region="list"] a.row')].map((row) => document.importNode(row, true));
      older().append(...rows);
      link.closest('[data-region="more"]').replaceChildren(...page.querySelector('[data-region="more"]').childNodes);
      sync(document.querySelector("[data-conversation]")?.dataset.conversation);
      rows[0]?.focus();
    } catch {
      link.removeAttribute("aria-busy");
    }
  });
}
