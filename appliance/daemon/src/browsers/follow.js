"use strict";
// Keeps the page as the room is, and sends a button without loading the page anew. All of it works without, more slowly.

const screen = document.getElementById("screen");
const lost = document.getElementById("lost");
const path = screen.getAttribute("action");

/** Makes one element like another and leaves what is the same where it is, so that screen readers hear news only. */
function become(now, next) {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  followChildren(now, next);
}

function followChildren(now, next) {
  const same = (one, other) => one && one.nodeName === other.nodeName && one.id === other.id;
  let at = 0;
  for (const wanted of [...next.childNodes]) {
    // What stood behind and stays takes the place of what is gone.
    const later = wanted.id ? [...now.childNodes].slice(at + 1).find((node) => same(node, wanted)) : null;
    if (later && !same(now.childNodes[at], wanted)) now.insertBefore(later, now.childNodes[at]);
    const there = now.childNodes[at];
    if (!same(there, wanted)) now.insertBefore(wanted, there ?? null);
    else if (there.nodeType === Node.TEXT_NODE) {
      if (there.nodeValue !== wanted.nodeValue) there.nodeValue = wanted.nodeValue;
    } else become(there, wanted);
    at += 1;
  }
  while (now.childNodes.length > at) now.lastChild.remove();
}

const sheet = (of) => of.querySelector("section")?.getAttribute("aria-label") ?? "";

function show(main) {
  const next = document.createElement("form");
  next.innerHTML = main;
  const moves = sheet(screen) !== sheet(next);
  const focus = document.activeElement?.id;
  followChildren(screen, next);
  if (moves) {
    window.scrollTo(0, 0);
    const heading = screen.querySelector("section :is(h1, h2)") ?? screen.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
  } else if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus();
}

let events = null;
let over = false;

function end(main) {
  over = true;
  events.close();
  hear(true);
  show(main);
}

function hear(well) {
  lost.textContent = well ? "" : lost.dataset.words;
}

/** Browsers come back by themselves after a broken connection, but not after an answer that is none. */
function follow() {
  events = new EventSource(`${path}/events`);
  events.addEventListener("open", () => hear(true));
  events.addEventListener("page", (event) => show(JSON.parse(event.data).main));
  events.addEventListener("over", (event) => end(JSON.parse(event.data).main));
  events.addEventListener("error", () => {
    if (over) return;
    hear(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  });
}

async function press(what) {
  const body = new URLSearchParams(new FormData(screen));
  body.set("do", what);
  const answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
  if (answer.status === 410) return end((await answer.json()).main);
  if (!answer.ok) throw new Error(answer.statusText);
  show((await answer.json()).main);
}

screen.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter) press(event.submitter.value).catch(() => hear(false));
});

follow();
