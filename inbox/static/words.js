// Phrases that scripts show, in the page's language; the server wrote them into the frame.
const table = JSON.parse(document.querySelector("[data-words]").dataset.words);

export function say(name, values = {}) {
  return table[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
