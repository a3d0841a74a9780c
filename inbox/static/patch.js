// Puts fresh HTML from the server into the page without touching what did not change, so that focus, scroll
// position, selection and screen readers stay where they were.

const written = new WeakMap();

// Every rendering signs a new token; all of a session's tokens are good, so that is no change.
const same = (html) => html.replace(/(name="csrf_token" value=")[^"]*/g, "$1");

/** Remembers what the server wrote, before scripts (the waiting clocks) change it. */
export function remember(root) {
  for (const region of root.querySelectorAll("[data-region]")) {
    written.set(region, same(region.outerHTML));
    if (region.dataset.mode === "keyed") {
      for (const child of region.children) written.set(child, child.outerHTML);
    }
  }
}

function keyed(old, fresh) {
  const known = new Map([...old.children].map((child) => [child.dataset.key, child]));
  const added = [];
  let at = old.firstElementChild;
  for (const wanted of fresh.children) {
    const key = wanted.dataset.key;
    const html = wanted.outerHTML;
    let node = known.get(key);
    known.delete(key);
    if (!node || written.get(node) !== html) {
      const next = document.importNode(wanted, true);
      written.set(next, html);
      if (node) {
        if (at === node) at = next;
        node.replaceWith(next);
      } else added.push(next);
      node = next;
    }
    if (node === at) at = at.nextElementSibling;
    else old.insertBefore(node, at);
  }
  for (const gone of known.values()) gone.remove();
  return added;
}

/**
 * The last children of a longer list: those known are renewed, the others put after them; null where none is known, or
 * where they do not follow the child they were asked for.
 */
function last(old, fresh) {
  const { after } = fresh.dataset;
  if (after !== undefined && old.lastElementChild?.dataset.key !== after) return null;
  const known = new Map([...old.children].map((child) => [child.dataset.key, child]));
  const keys = [...fresh.children].map((child) => child.dataset.key);
  if (after === undefined && known.size && keys.length && !known.has(keys[0])) return null;
  const added = [];
  for (const wanted of fresh.children) {
    const node = known.get(wanted.dataset.key);
    const html = wanted.outerHTML;
    if (node && written.get(node) === html) continue;
    const next = document.importNode(wanted, true);
    written.set(next, html);
    if (node) node.replaceWith(next);
    else {
      old.append(next);
      added.push(next);
    }
  }
  return added;
}

function swap(old, fresh) {
  const html = same(fresh.outerHTML);
  if (written.get(old) === html) return;
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  written.set(old, html);
}

function focusMark() {
  const holder = document.activeElement;
  if (!holder || holder === document.body) return null;
  if (holder.id) return `#${CSS.escape(holder.id)}`;
  for (const name of ["data-key", "data-shortcut", "data-toggle"]) {
    if (holder.hasAttribute(name)) return `[${name}="${CSS.escape(holder.getAttribute(name))}"]`;
  }
  return null;
}

/**
 * Applies every region of `fresh` (a parsed document) to the page; returns the new keyed nodes by region, and `missed`
 * where the last nodes of one do not follow those of the page.
 */
export function patch(fresh) {
  const mark = focusMark();
  const added = {};
  for (const region of fresh.querySelectorAll("[data-region]")) {
    const name = region.dataset.region;
    const old = document.querySelector(`[data-region="${name}"]`);
    if (!old) continue;
    const elsewhere = old.dataset.for !== region.dataset.for;
    if (region.dataset.mode === "last") {
      const found = elsewhere ? [] : last(old, region);
      if (found) added[name] = found;
      else added.missed = true;
    } else if (region.dataset.mode === "keyed" && !elsewhere) added[name] = keyed(old, region);
    else if (region.dataset.mode !== "state" || elsewhere || old.dataset.state !== region.dataset.state) {
      swap(old, region);
      if (region.dataset.mode === "keyed") remember(old.parentElement);
    }
  }
  if (mark && document.activeElement === document.body) document.querySelector(mark)?.focus({ preventScroll: true });
  return added;
}

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}
