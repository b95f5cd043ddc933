// The panel of a room that somebody helps: shows each picture as it comes, and says where it was touched. Buttons beside it do the same for
// whoever works without a pointer. Whoever leaves the page ends the help.
"use strict";
(() => {
  const panel = document.getElementById("panel");
  if (!panel || !window.EventSource) return;
  const state = document.getElementById("help-state");
  const image = panel.querySelector("img");
  const hidden = document.getElementById("panel-hidden");
  const targets = panel.querySelector(".targets");
  const title = document.getElementById("targets-title");
  const end = document.getElementById("help-end");
  const form = () => new URLSearchParams(new FormData(end));
  let size = { width: 1, height: 1 }, named = "", over = false;

  const touch = async (x, y) => {
    const fields = form();
    fields.set("at.x", x);
    fields.set("at.y", y);
    const answer = await fetch(panel.dataset.touch, { method: "POST", body: fields, redirect: "manual", credentials: "same-origin" });
    if (!answer.ok && answer.type !== "opaqueredirect") state.textContent = panel.dataset.notTaken;
  };
  // The same buttons stay, so that nobody who works by keys is thrown out of them.
  const name = (all) => {
    const text = JSON.stringify(all);
    if (!targets || text === named) return;
    named = text;
    const at = targets.contains(document.activeElement) ? document.activeElement.textContent : null;
    targets.replaceChildren(...all.map((target) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = target.label;
      button.onclick = () => touch(target.x, target.y);
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
    title.hidden = !all.length;
    if (at !== null) {
      const same = [...targets.querySelectorAll("button")].find((button) => button.textContent === at);
      (same || targets.querySelector("button"))?.focus({ preventScroll: true });
    }
  };
  const show = (seen) => {
    size = seen;
    const picture = seen.shown.picture;
    panel.hidden = false;
    image.hidden = !picture;
    hidden.hidden = !!picture;
    if (picture) image.src = `data:image/png;base64,${picture.png}`;
    name(picture ? picture.targets : []);
  };
  if (panel.dataset.touch) {
    image.classList.add("touched");
    image.onclick = (event) => {
      const box = image.getBoundingClientRect();
      const pixel = (at, from, length, count) => Math.min(count - 1, Math.max(0, Math.floor((at - from) / length * count)));
      touch(pixel(event.clientX, box.left, box.width, size.width), pixel(event.clientY, box.top, box.height, size.height));
    };
  }
  const source = new EventSource(panel.dataset.live);
  source.addEventListener("state", (event) => {
    const now = JSON.parse(event.data);
    state.textContent = now.words;
    if (!now.over) return;
    over = true;
    source.close();
    panel.hidden = true;
    image.removeAttribute("src");
    end.hidden = true;
    const back = document.createElement("a");
    back.className = "button";
    back.href = panel.dataset.back;
    back.textContent = document.querySelector(".way a[href^='/rooms/']").textContent;
    end.after(back);
  });
  source.addEventListener("panel", (event) => show(JSON.parse(event.data)));
  source.onerror = () => {
    if (over) return;
    state.textContent = panel.dataset.lost;
    // The server says that there is nothing to follow.
    if (source.readyState === EventSource.CLOSED) location.assign(panel.dataset.back);
  };
  addEventListener("pagehide", () => {
    source.close();
    if (!over) navigator.sendBeacon(end.action, form());
  });
})();
