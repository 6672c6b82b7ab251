// What the console adds where scripts run: keys, the browser's time zone. Every page works without it.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    const safe = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `etalon-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Strict${safe}`;
  }

  const keys = document.getElementById("keys");
  const opener = document.querySelector("[data-keys]");
  if (keys && opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => keys.showModal());
  }

  const goes = document.querySelector("[data-go-h]");
  const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?" && keys && !keys.open) {
      event.preventDefault();
      keys.showModal();
    } else if (before === "g" && goes) {
      const address = { h: goes.dataset.goH, m: goes.dataset.goM }[event.key];
      if (address) {
        location.assign(address);
      }
    }
    before = event.key;
  });

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.person[open]")) {
      if (!open.contains(event.target)) {
        open.open = false;
      }
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details.person[open]")) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
  });

  const live = document.querySelector("[data-live]");
  const pause = document.querySelector("[data-pause]");
  if (live && pause) {
    const stale = document.querySelector("[data-stale]");
    const everyMs = 5000;
    const idleMs = 600000;
    let lastDeed = Date.now();
    let isPaused = false;
    let timer = 0;
    for (const deed of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      document.addEventListener(deed, () => { lastDeed = Date.now(); }, { passive: true });
    }
    const show = () => {
      pause.setAttribute("aria-pressed", String(isPaused));
      stale.hidden = !isPaused;
    };
    const again = () => { timer = setTimeout(refresh, everyMs); };
    const halt = () => {
      isPaused = true;
      show();
    };
    async function refresh() {
      if (isPaused) {
        return;
      }
      // Nobody looks any more: fetching on would keep a session open that ought to end.
      if (Date.now() - lastDeed > idleMs) {
        halt();
        return;
      }
      if (!document.hidden) {
        try {
          const answer = await fetch(live.dataset.live, { credentials: "same-origin", redirect: "error" });
          if (!answer.ok) {
            throw new Error(String(answer.status));
          }
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          if (!isPaused) {
            live.replaceChildren(...page.body.childNodes);
          }
        } catch {
          halt();
          return;
        }
      }
      again();
    }
    pause.hidden = false;
    pause.addEventListener("click", () => {
      clearTimeout(timer);
      isPaused = !isPaused;
      show();
      if (!isPaused) {
        refresh();
      }
    });
    again();
  }
})();
