// Goes on by itself with what a page does step by step: sends the page's own form and shows what came of it.
"use strict";

(() => {
  const PAUSE_MS = 150;

  const next = async () => {
    const form = document.querySelector("[data-steps] [data-step] form");
    if (!form) {
      return;
    }
    for (const button of form.querySelectorAll("button")) {
      button.hidden = true;
    }
    let fresh = null;
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      fresh = answer.ok ? page.querySelector("[data-steps]") : null;
    } catch {
      fresh = null;
    }
    if (!fresh) {
      // A person decides whether to try again: the button that goes on without scripts is theirs.
      for (const button of form.querySelectorAll("button")) {
        button.hidden = false;
      }
      return;
    }
    document.querySelector("[data-steps]").replaceWith(fresh);
    setTimeout(next, PAUSE_MS);
  };

  next();
})();
