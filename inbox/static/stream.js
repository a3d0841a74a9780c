// The page's one stream of changes. It comes back by itself; only a longer silence is worth a word to the person.

const PATIENCE_MS = 2500;
const AGAIN_MS = 3000;

let streams = 0;

/** Whether this page has a stream of its own. */
export const streaming = () => streams > 0;

export function createStream({ onChange, onUp, onDown, onRefused }) {
  let source = null;
  let url = "";
  let warn = 0;
  let again = 0;

  function down() {
    warn ||= setTimeout(onDown, PATIENCE_MS);
  }

  function open() {
    clearTimeout(again);
    source?.close();
    source = new EventSource(url);
    source.addEventListener("hello", () => {
      // One that was under way when the network went is no sign of life.
      if (!navigator.onLine) return;
      clearTimeout(warn);
      warn = 0;
      onUp();
      document.dispatchEvent(new Event("teller:up"));
    });
    source.addEventListener("around", () => document.dispatchEvent(new Event("teller:around")));
    source.addEventListener("change", (event) => {
      const detail = JSON.parse(event.data);
      onChange(detail);
      document.dispatchEvent(new CustomEvent("teller:change", { detail }));
    });
    source.onerror = () => {
      down();
      // A refusal (a 401, a 503) ends an EventSource for good; the browser retries only lost connections.
      if (source.readyState !== EventSource.CLOSED) return;
      again = setTimeout(open, AGAIN_MS);
      onRefused();
    };
  }

  addEventListener("offline", down);
  addEventListener("online", () => url && open());
  // A page that leaves must not hold one of the browser's few connections.
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && url && open());
  return {
    listen(to) {
      if (to === url) return;
      url = to;
      open();
    },
  };
}
