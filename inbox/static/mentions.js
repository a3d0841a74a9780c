// Names after an @ in a note: a list of those who may be called, chosen by keyboard or pointer.

let field = null;
let list = null;
let shown = [];
let at = -1;
let chosen = 0;

function close() {
  list?.remove();
  list = null;
  at = -1;
  field?.removeAttribute("aria-activedescendant");
  field?.setAttribute("aria-expanded", "false");
}

function mark(n) {
  chosen = (n + shown.length) % shown.length;
  [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
  field.setAttribute("aria-activedescendant", list.children[chosen].id);
}

function put() {
  const caret = field.selectionStart;
  field.setRangeText(`${shown[chosen].name} `, at + 1, caret, "end");
  close();
  field.focus();
}

function draw() {
  if (!list) {
    list = document.createElement("ul");
    list.className = "mention-list";
    list.id = "mention-list";
    list.setAttribute("role", "listbox");
    field.after(list);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-controls", "mention-list");
    field.setAttribute("aria-autocomplete", "list");
  }
  field.setAttribute("aria-expanded", "true");
  list.replaceChildren(...shown.map((one, n) => {
    const item = document.createElement("li");
    item.id = `mention-${n}`;
    item.setAttribute("role", "option");
    const name = document.createElement("b");
    name.textContent = one.name;
    item.append(name, ` ${one.role}`);
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); chosen = n; put(); });
    return item;
  }));
  mark(0);
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("textarea[data-people]")) return;
  field = event.target;
  const before = field.value.slice(0, field.selectionStart);
  const started = Math.max(before.lastIndexOf("@"), before.lastIndexOf("＠"));
  const typed = started < 0 ? "" : before.slice(started + 1).toLowerCase();
  const people = started < 0 || typed.includes("\n") ? [] : JSON.parse(field.dataset.people);
  shown = people.filter((one) => one.name.toLowerCase().startsWith(typed)).slice(0, 6);
  if (!shown.length) return close();
  at = started;
  draw();
});

document.addEventListener("keydown", (event) => {
  if (!list || event.target !== field || event.isComposing) return;
  if (event.key === "ArrowDown") mark(chosen + 1);
  else if (event.key === "ArrowUp") mark(chosen - 1);
  else if (event.key === "Enter" || event.key === "Tab") put();
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  // The dialog would close, and the form would go.
  event.stopPropagation();
}, true);

document.addEventListener("focusout", (event) => { if (event.target === field) setTimeout(close, 100); });
