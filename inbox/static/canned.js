// Saved replies: a slash opens the list over the field, letters narrow it, Enter puts one in. It sends nothing.

const FRESH_MS = 60000;
const SHOWN = 8;
const field = () => document.querySelector("[data-reply] textarea");
let held = { of: "", at: 0, replies: [] };
let list = null;
let shown = [];
let at = 0;
let closed = "";

async function replies(url) {
  if (held.of === url && Date.now() - held.at < FRESH_MS) return held.replies;
  const answer = await fetch(url, { headers: { "X-Background": "1" } });
  if (!answer.ok) return [];
  held = { of: url, at: Date.now(), replies: (await answer.json()).replies };
  return held.replies;
}

/** The slash and what follows it, where the cursor stands behind them; a slash within a word is none. */
function asked(box) {
  const before = box.value.slice(0, box.selectionStart);
  return /(?:^|\s)\/([\w一-鿿-]{0,24})$/u.exec(before)?.[1] ?? null;
}

function close() {
  list?.remove();
  list = null;
  shown = [];
  const box = field();
  box?.removeAttribute("aria-activedescendant");
  box?.removeAttribute("aria-controls");
}

function mark() {
  for (const [n, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(n === at));
  list.children[at].scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", list.children[at].id);
}

function open(box, found) {
  close();
  shown = found.slice(0, SHOWN);
  at = 0;
  list = Object.assign(document.createElement("ul"), { id: "canned-list", className: "canned-list" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.closest("form").dataset.cannedLabel);
  for (const [n, one] of shown.entries()) {
    const option = Object.assign(document.createElement("li"), { id: `canned-${n}` });
    option.setAttribute("role", "option");
    const name = Object.assign(document.createElement("code"), { textContent: `/${one.shortcut}` });
    const text = Object.assign(document.createElement("span"), { textContent: one.text });
    option.append(name, text);
    list.append(option);
  }
  box.closest("form").prepend(list);
  // A text field may not be a combobox; what it controls and points at says the same.
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  mark();
}

function put(box, one) {
  const word = asked(box) ?? "";
  const end = box.selectionStart;
  box.setRangeText(one.text, end - word.length - 1, end, "end");
  close();
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

async function look(box) {
  const word = asked(box);
  if (word === null) { closed = ""; return close(); }
  if (closed === box.value) return;
  let all;
  try { all = await replies(box.closest("form").dataset.cannedUrl); } catch { return; }
  if (asked(box) !== word) return;
  const low = word.toLowerCase();
  const found = all.filter((one) => one.shortcut.includes(low)).sort((a, b) => b.shortcut.startsWith(low) - a.shortcut.startsWith(low));
  if (found.length) open(box, found);
  else close();
}

document.addEventListener("input", (event) => { if (event.target === field()) look(event.target); });
document.addEventListener("keydown", (event) => {
  if (!list || event.target !== field() || event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    at = (at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length;
    mark();
  } else if (event.key === "Enter" || event.key === "Tab") put(event.target, shown[at]);
  else if (event.key === "Escape") { closed = event.target.value; close(); }
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest("#canned-list [role=option]");
  if (!option) return list && event.target !== field() ? close() : undefined;
  event.preventDefault();
  put(field(), shown[[...list.children].indexOf(option)]);
});
