// Nodes are built one by one and text goes in as text: nothing a message holds can become markup.
import { lang, say } from "./words.js";

/** An element; a function among its traits listens to the event of that name. */
export const h = (tag, traits, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(traits || {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...inside);
  return node;
};

export const button = (traits, click, ...inside) => h("button", { type: "button", ...traits, click }, ...inside);

export const icon = (d, name = "") => {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name);
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
};

export const CHAT = "M12 4c-5 0-9 3.2-9 7.2 0 2.3 1.3 4.3 3.3 5.6L6 20.5l4-2.1c5.5.8 11-2.2 11-7.1C21 7.2 17 4 12 4ZM8 11.3h0m4 0h0m4 0h0";
export const SHUT = "M6 6l12 12M18 6 6 18";
export const SEND = "M12 19V5M6 11l6-6 6 6";
const PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20.5c1-4 4.5-5.5 8-5.5s7 1.5 8 5.5";

// Ends before the full stop or the Chinese punctuation that follows an address in a sentence.
const LINK = /(https?:\/\/[\w\-.~:/?#@!$&*+,;=%]*[\w/#=&])/;

const rich = (text) =>
  text
    .split(LINK)
    .map((part, n) => (n % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));

/** One message; `author` is customer, bot, agent or system, `at` a Date. */
export const row = (author, text, at) => {
  const day = at.toDateString() === new Date().toDateString() ? {} : { month: "numeric", day: "numeric" };
  const clock = at.toLocaleString(lang, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const who = h("div", { class: "who" });
  if (say[author]) {
    who.append(h("i", { "aria-hidden": "true" }, author === "bot" ? "AI" : icon(PERSON)), h("b", {}, say[author]));
  }
  who.append(h("time", { datetime: at.toISOString() }, clock));
  const node = h("div", { class: "m " + author }, who, h("div", { class: "b" }, ...rich(text)));
  return Object.assign(node, { author, at: +at });
};
