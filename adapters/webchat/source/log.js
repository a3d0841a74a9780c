// The list of messages, in the order of the server; what is not there yet stands last.
import { CHAT, button, h, icon, row } from "./dom.js";
import { set } from "./page.js";
import { say } from "./words.js";

export const PENDING = 1e15;
const TYPING = 2e15;
const NEAR_PX = 90;
const TOGETHER_MS = 3e5;

/** Buttons that send what they say; `press(text, value)`. */
const choices = (list, press) =>
  list.map(({ label, value }) => button({}, () => press(label, value), label));

export const makeLog = (press) => {
  const hints = (set.questions || "").split("|").filter(Boolean);
  const asked = h("div", { class: "chips" }, ...choices(hints.map((label) => ({ label })), press));
  const hello = h("div", { class: "hello" }, icon(CHAT), h("h3", {}, say.hello), h("p", {}, say.hint), asked);
  hello.pos = -1;
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": say.log, tabindex: "0" }, hello);
  const chips = h("div", { class: "chips" });
  const dots = h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  let timer;
  let quiet;

  const down = () => (log.scrollTop = log.scrollHeight);
  const place = (node, pos) => {
    // Who scrolled up to read stays there.
    const low = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
    let before = null;
    for (let next = log.lastElementChild; next && next.pos > pos; next = next.previousElementSibling) before = next;
    node.pos = pos;
    log.insertBefore(node, before);
    for (const one of [node, before]) {
      const above = one?.previousElementSibling;
      one?.classList.toggle("same", above?.author === one.author && one.at - above.at < TOGETHER_MS);
    }
    if (low) down();
  };
  /** No dots any more, and with `silent` none after the next message: a person may be on the way. */
  const calm = (silent) => {
    clearTimeout(timer);
    dots.remove();
    quiet = silent;
  };

  return {
    log,
    down,
    calm,
    clear: () => log.replaceChildren(hello),
    /** Put a node of ours at the end. */
    pend: (node, n) => {
      chips.remove();
      place(node, PENDING + n);
    },
    /** A message of the server; `newest` says that nothing follows it. */
    put: ({ author, text, at, buttons = [] }, pos, newest) => {
      if (newest) chips.remove();
      if (author !== "customer") calm(author === "agent");
      place(row(author, text, new Date(at)), pos);
      if (newest && author === "bot" && buttons.length) {
        chips.replaceChildren(...choices(buttons, press));
        place(chips, pos + 0.5);
      }
    },
    typing: () => {
      if (quiet) return;
      calm();
      place(dots, TYPING);
      timer = setTimeout(() => calm(true), 8e3);
    },
  };
};
