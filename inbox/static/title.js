// The number before the page's title: what waits or calls, added up over whoever counts.
const base = document.title;
const counts = new Map();

export function count(name, n) {
  counts.set(name, n || 0);
  const all = [...counts.values()].reduce((sum, one) => sum + one, 0);
  document.title = all ? `(${all}) ${base}` : base;
}
