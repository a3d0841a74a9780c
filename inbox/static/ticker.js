// Waiting times that tick, and turn red when the deadline has passed.
import { say } from "./words.js";

export function waited(seconds) {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return say("hours", { h: hours, m: Math.floor((seconds % 3600) / 60) });
  return say("days", { n: Math.floor(hours / 24) });
}

export function tick() {
  const now = Date.now();
  for (const node of document.querySelectorAll("[data-since]")) {
    const text = waited(Math.max(0, Math.floor((now - Date.parse(node.dataset.since)) / 1000)));
    if (node.textContent !== text) node.textContent = text;
    if (node.dataset.deadline) node.classList.toggle("late", now > Date.parse(node.dataset.deadline));
  }
}

export function startTicking() {
  tick();
  setInterval(tick, 1000);
}
