// Teller's chat widget: the launcher and the panel, in a shadow root that the site's styles do not reach.
import { CHAT, SEND, SHUT, button, h, icon } from "./dom.js";
import { makeLog } from "./log.js";
import { kept, set, tab } from "./page.js";
import css from "./style.css";
import { makeTalk } from "./talk.js";
import { lang, say } from "./words.js";

const PHONE = "(max-width:480px),(max-height:480px)";

const start = () => {
  let unread = 0;

  const read = () => {
    if (!panel.hidden) {
      unread = 0;
      kept({ seen: talk.last() });
    }
    badge.textContent = unread > 9 ? "9+" : unread;
    badge.hidden = !unread;
    const more = unread ? ` (${unread} ${say.unread})` : "";
    launch.setAttribute("aria-label", panel.hidden ? say.open + more : say.close);
  };
  const toggle = (open, focus = true) => {
    panel.hidden = !open;
    root.classList.toggle("open", open);
    launch.setAttribute("aria-expanded", open);
    tab({ open });
    read();
    if (open) {
      list.down();
      talk.start();
    }
    // On a touch screen the keyboard would cover the conversation before it is read.
    const first = matchMedia("(pointer:coarse)").matches ? panel : input;
    if (focus) (open ? first : launch).focus();
  };
  const press = (label, value) => {
    // The pressed button goes away: focus stays in the conversation.
    list.log.focus();
    talk.send(label, value);
  };
  const typed = () => {
    tab({ draft: input.value });
    input.style.height = "0";
    input.style.height = Math.max(44, input.scrollHeight + 2) + "px";
  };
  const submit = (event) => {
    event.preventDefault();
    talk.send(input.value);
    input.value = "";
    typed();
  };
  const keys = (event) => {
    // The site's own shortcuts must not fire while somebody types here.
    event.stopPropagation();
    // An input method uses Enter and Escape itself; Safari tells so by 229 only.
    if (event.type !== "keydown" || event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") toggle(false);
    if (event.key === "Enter" && !event.shiftKey && event.target === input) submit(event);
  };

  const badge = h("span", { class: "badge", hidden: "" });
  const launch = button(
    { class: "launch", "aria-expanded": "false" },
    () => toggle(panel.hidden),
    icon(CHAT, "chat"),
    icon(SHUT, "shut"),
    badge,
  );
  const list = makeLog(press);
  const away = h("div", { class: "away", role: "status" });
  const input = h("textarea", {
    maxlength: 2000,
    placeholder: say.input,
    "aria-label": say.label,
    enterkeyhint: "send",
    input: typed,
  });
  // Focus stays in the text, so that a phone's keyboard stays up.
  const stay = (event) => event.preventDefault();
  const panel = h(
    "section",
    { class: "panel", role: "dialog", "aria-modal": "false", "aria-labelledby": "title", tabindex: "-1", hidden: "" },
    h(
      "header",
      {},
      h("div", {}, h("h2", { id: "title" }, set.title || say.title), h("p", {}, say.sub)),
      button({ class: "human" }, () => press(say.wish), say.human),
      button({ class: "x", "aria-label": say.close }, () => toggle(false), icon(SHUT)),
    ),
    list.log,
    away,
    h("form", { submit }, input, h("button", { class: "send", "aria-label": say.send, mousedown: stay }, icon(SEND))),
    h("p", { class: "safe" }, say.safe),
  );
  for (const type of ["keydown", "keyup", "keypress"]) panel.addEventListener(type, keys);
  const root = h("div", { class: "root", lang }, panel, launch);
  const talk = makeTalk(list, away, (pos, own) => {
    if (!own && pos > (kept().seen || 0)) unread++;
    read();
  });

  if (/^#[\da-f]{6}$/i.test(set.color)) {
    const [r, g, b] = [1, 3, 5].map((at) => (parseInt(set.color.slice(at, at + 2), 16) / 255) ** 2.2);
    root.style.setProperty("--a", set.color);
    // Above this luminance white text would fall below 4.5 : 1.
    if (0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18) root.style.setProperty("--on", "#000");
  }
  const host = document.createElement("teller-chat");
  const shadow = host.attachShadow({ mode: "open" });
  try {
    // Not a <style>: the site's Content-Security-Policy may forbid inline styles.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(h("style", {}, css));
  }
  shadow.append(root);
  // Beside the body, not in it: a transformed or replaced body does not move or remove the chat.
  document.documentElement.append(host);

  const view = window.visualViewport;
  view?.addEventListener("resize", () => {
    // A phone's keyboard covers fixed boxes; only this tells how much is left.
    root.style.setProperty("--high", view.height + "px");
    root.style.setProperty("--top", view.offsetTop + "px");
    list.down();
  });
  document.addEventListener("visibilitychange", talk.wake);
  window.addEventListener("online", talk.wake);

  input.value = tab().draft || "";
  // On a phone the panel covers the page: there it opens by hand only.
  if ((tab().open ?? "open" in set) && !matchMedia(PHONE).matches) toggle(true, false);
  else talk.wake();
  typed();
  read();
  talk.resume();
  window.TellerChat = {
    open: () => toggle(true),
    close: () => toggle(false),
    send: (text) => {
      toggle(true);
      talk.send(text);
    },
  };
};

if (!document.querySelector("teller-chat")) start();
