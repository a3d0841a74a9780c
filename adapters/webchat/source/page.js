// The page around the widget: its script tag with the attributes, and what this browser keeps for us.
export const script = document.currentScript || document.querySelector('script[src*="/webchat/"]');
export const set = script.dataset;
export const base = new URL(".", script.src).href;

// Storage may be blocked by the browser: then the page's own memory has to do.
const shelf = (kind) => {
  let own = {};
  return (change) => {
    try {
      own = JSON.parse(window[kind].getItem(base)) || own;
    } catch {}
    if (change) {
      Object.assign(own, change);
      try {
        window[kind].setItem(base, JSON.stringify(own));
      } catch {}
    }
    return own;
  };
};

/** {user, token, seen}: whose chat this is, the visitor's token, the last message that was read. */
export const kept = shelf("localStorage");
/** {draft, out, open}: text not sent yet, messages not seen on the server yet, whether the panel is open. */
export const tab = shelf("sessionStorage");

// Whoever signs in or out on this browser must not see the chat of the one before.
if (kept().user !== set.userId) {
  if (kept().user) tab({ draft: "", out: [] });
  kept({ user: set.userId, token: "", seen: 0 });
}
