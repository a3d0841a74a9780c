// Which changes concern which list, by the topics that a change was told of (bot/desk/pokes.py).

const OWN = ["mine", "snoozed", "mentions"];

/** Whether a change may be one of the list `view`; of another list it changes no more than the number beside its name. */
export function concerns(view, topics) {
  if (!topics || topics.includes("inbox")) return true;
  if (view === "waiting") return topics.includes("inbox:queue");
  if (OWN.includes(view)) return topics.some((one) => one.startsWith("inbox:staff:"));
  return true;
}
