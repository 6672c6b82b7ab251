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
})();
