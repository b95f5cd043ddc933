// Keeps a page that says data-live as things are: when the server tells of news, the page is fetched and its main part takes the
// place of the one that is shown. Whoever types or has opened something there is not disturbed. Without this script a reload does it.
"use strict";
(() => {
  const main = document.querySelector("main[data-live]");
  if (!main || !window.EventSource) return;
  const busy = () => {
    const at = document.activeElement;
    return (at && main.contains(at) && at.matches("input, select, textarea, summary")) || main.querySelector("details[open]");
  };
  const draw = async () => {
    if (busy() || document.hidden) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!next || busy()) return;
    const focus = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    main.replaceChildren(...next.childNodes);
    if (focus) main.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  };
  let source;
  const open = () => {
    source = new EventSource("/live");
    source.onmessage = draw;
  };
  open();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) { open(); draw(); } });
})();
