// What calls this person, on every page: a line in the page, the title, and, where chosen, a sound and a notification of
// the system. Of all the tabs of a browser one speaks; nothing here ever holds what a customer wrote.
import { createStream, streaming } from "./stream.js";
import { count } from "./title.js";

const frame = document.querySelector("[data-notify]");
const told = frame && JSON.parse(frame.dataset.notify);
const EVERY_MS = 1000;
const SHOWN_MS = 10000;
const MOST = 200;
// One desk, several people: what one has seen is no news of another's.
const SEEN = `teller-seen-${told?.me}`;
let leads = !navigator.locks;
let running = false;
let wanted = false;
let audio = null;

const here = () => document.visibilityState === "visible" && document.hasFocus();
const opened = () => document.querySelector('[data-pane="talk"]')?.dataset.conversation ?? "";

function seen() {
  try { return JSON.parse(localStorage.getItem(SEEN)); } catch { return null; }
}

function remember(calls, before) {
  const kept = [...new Set([...(before ?? []), ...calls.map((call) => call.key)])].slice(-MOST);
  try { localStorage.setItem(SEEN, JSON.stringify(kept)); } catch { /* a full or closed store: it speaks again */ }
}

export function chime() {
  audio ??= new AudioContext();
  // Without a gesture on this page the browser keeps it silent; the line and the title still speak.
  if (audio.state === "suspended") audio.resume();
  [[880, 0], [1174.7, 0.13]].forEach(([pitch, at]) => {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, audio.currentTime + at);
    loud.gain.exponentialRampToValueAtTime(0.12, audio.currentTime + at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.35);
    tone.connect(loud).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.4);
  });
}

export function notify(said, url, key) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification("Teller", { body: said, tag: key });
  shown.onclick = () => { window.focus(); if (url) location.assign(url); shown.close(); };
}

function line(call) {
  const place = document.getElementById("calls");
  const item = document.getElementById("call-line").content.firstElementChild.cloneNode(true);
  const link = item.querySelector("a");
  link.href = call.url;
  link.textContent = call.said;
  item.dataset.kind = call.kind;
  item.querySelector("button").addEventListener("click", () => item.remove());
  place.append(item);
  setTimeout(() => { if (!item.matches(":hover") && !item.contains(document.activeElement)) item.remove(); }, SHOWN_MS);
}

function tell(calls) {
  const before = seen();
  remember(calls, before);
  // The first look of a browser finds what has long been known.
  if (!before) return;
  const known = new Set(before);
  const fresh = calls.filter((call) => !known.has(call.key));
  // What one has open in front of oneself needs no word.
  const news = fresh.filter((call) => !(here() && call.conversation === opened() && call.kind !== "taken"));
  if (!news.length) return;
  for (const call of news.slice(-3)) line(call);
  if (told.sound) chime();
  if (told.desktop && !here()) for (const call of news.slice(-3)) notify(call.said, call.url, call.key);
}

async function look() {
  if (running) { wanted = true; return; }
  running = true;
  try {
    const answer = await fetch(told.calls, { headers: { "X-Background": "1" } });
    if (answer.ok) {
      const { calls, open } = await answer.json();
      count("calls", open);
      if (leads) tell(calls);
    }
  } catch {
    // The stream comes back by itself, and then this looks again.
  }
  setTimeout(() => { running = false; if (wanted) { wanted = false; look(); } }, EVERY_MS);
}

async function banner() {
  const answer = await fetch(told.banner, { headers: { "X-Background": "1" } });
  const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("ai-stopped");
  if (fresh) document.getElementById("ai-stopped").replaceWith(document.importNode(fresh, true));
}

function heard(change) {
  if (change.switch) banner();
  // Without topics it is a sign that news may have been missed.
  if (!change.topics || change.topics.includes(`inbox:staff:${told.me}`)) look();
}

function lead() {
  leads = true;
  if (streaming()) return;
  createStream({ onChange() {}, onUp() {}, onDown() {}, onRefused() {} }).listen(told.events);
}

if (told) {
  document.addEventListener("teller:change", (event) => heard(event.detail));
  document.addEventListener("teller:up", look);
  document.addEventListener("visibilitychange", () => { if (here()) look(); });
  if (told.every) setInterval(look, told.every * 1000);
  look();
  // One tab speaks for all; browsers allow few connections a site, so the others open no stream of their own.
  if (navigator.locks) navigator.locks.request("teller-notify", () => { lead(); return new Promise(() => {}); });
  else lead();
}
