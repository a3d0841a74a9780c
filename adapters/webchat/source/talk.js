// The conversation: what came in once each and in order, what goes out until it is known to have arrived.
import { call } from "./api.js";
import { button, h, row } from "./dom.js";
import { base, kept, tab } from "./page.js";
import { say } from "./words.js";

const PATIENCE_MS = 2500;
const ECHO_MS = 6e3;
const LONGEST_WAIT_MS = 3e4;
const TRIES = 5;

/** `list` is what `makeLog` gives; `away` shows trouble; `arrived(pos, fromUs)` is told of every new message. */
export const makeTalk = (list, away, arrived) => {
  let shown;
  let source;
  let timer;
  let slow;
  let syncing;
  let sending;
  let last = 0;
  let tries = 0;
  let out = tab().out || [];
  const known = new Set();
  const rows = new Map();

  const stop = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const trouble = () => (slow ||= setTimeout(() => (away.textContent = say.away), PATIENCE_MS));
  const later = () => {
    stop();
    trouble();
    timer = setTimeout(sync, Math.min(LONGEST_WAIT_MS, 500 * 2 ** tries++) * (0.7 + Math.random() * 0.6));
  };
  const listen = () => {
    // A hidden tab gives its connection back: browsers allow few, and what it missed comes with the next sync.
    if (document.hidden) return;
    stop();
    const own = (source = new EventSource(`${base}stream?${new URLSearchParams({ token: shown, last_event_id: last })}`));
    own.onopen = () => {
      slow = clearTimeout(slow);
      tries = 0;
      away.textContent = "";
    };
    own.onmessage = (event) => add(JSON.parse(event.data));
    own.onerror = () => {
      if (own !== source) return;
      // The browser repeats a broken stream by itself, but not a refused one.
      if (own.readyState === 2) later();
      else trouble();
    };
  };
  const use = (token) => {
    if (token === shown) return;
    const before = shown;
    shown = token;
    if (!before) return;
    // Another visitor from here on: only what was never sent goes along.
    stop();
    known.clear();
    rows.clear();
    last = 0;
    out = out.filter((one) => !one.done);
    list.clear();
    out.forEach(show);
  };
  const sync = async () => {
    if (syncing || document.hidden) return;
    syncing = true;
    stop();
    // A screen reader is told of what is new, not of the whole history.
    list.log.setAttribute("aria-busy", "true");
    try {
      (await call(use, "messages")).messages.forEach(add);
      listen();
    } catch {
      later();
    }
    list.log.removeAttribute("aria-busy");
    syncing = false;
  };

  const add = (message) => {
    const pos = +message.id;
    if (known.has(pos) || !message.text) return;
    known.add(pos);
    const newest = pos > last;
    if (newest) last = pos;
    const own = message.client_id;
    if (rows.has(own)) {
      rows.get(own).remove();
      rows.delete(own);
      out = out.filter((one) => one.client_id !== own);
      tab({ out });
    }
    list.put(message, pos, newest);
    arrived(pos, message.author === "customer");
  };

  const paint = (one) => {
    const note = rows.get(one.client_id)?.lastChild;
    if (!note) return;
    note.className = one.failed ? "note bad" : "note";
    const again = button({}, () => {
      one.failed = one.tries = 0;
      paint(one);
      flush();
    }, say.retry);
    note.replaceChildren(...(one.failed ? [say.failed, again] : one.done ? [] : [say.sending]));
  };
  const show = (one) => {
    const node = row("customer", one.text, new Date());
    node.append(h("div", { class: "note" }));
    rows.set(one.client_id, node);
    list.pend(node, rows.size);
    paint(one);
  };
  const post = async (one) => {
    const { client_id, text, choice } = one;
    try {
      await call(use, "messages", { client_id, text, choice });
      one.done = true;
      // A connection that died in silence (a laptop that slept) shows here: our own message does not come back.
      setTimeout(() => rows.has(client_id) && sync(), ECHO_MS);
      if (!source) sync();
    } catch (error) {
      one.tries = (one.tries || 0) + 1;
      one.failed = one.tries > TRIES || (error >= 400 && error < 500 && error !== 429);
      if (one.failed) list.calm();
      else await new Promise((go) => setTimeout(go, 300 * 2 ** one.tries));
    }
    paint(one);
    tab({ out });
  };
  // One at a time, so that the order is kept; repeats carry the same client_id and are one message.
  const flush = async () => {
    if (sending) return;
    sending = true;
    for (let one; (one = out.find((each) => !each.done && !each.failed)); ) await post(one);
    sending = false;
  };

  return {
    sync,
    /** Look again, if there is no stream. */
    start: () => source || sync(),
    wake: () => (document.hidden ? stop() : kept().token && sync()),
    /** What a reload interrupted. */
    resume: () => {
      out.forEach(show);
      flush();
    },
    send: (text, choice) => {
      text = text.trim();
      if (!text) return;
      const one = { client_id: Date.now().toString(36) + Math.random().toString(36).slice(2, 12), text, choice };
      out.push(one);
      tab({ out });
      show(one);
      list.typing();
      list.down();
      flush();
    },
    last: () => last,
  };
};
