// Progress of an import while its file is sent, and of one that is under way. Both pages work without it.
"use strict";

(() => {
  const everyMs = 700;

  const ask = async (address) => {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  };

  const place = document.querySelector("[data-upload]");
  const form = place && place.querySelector("form");
  if (form) {
    const sending = place.querySelector("[data-progress]");
    const bar = sending.querySelector("progress");
    const told = sending.querySelector("[data-told]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = new FormData(form);
      const request = new XMLHttpRequest();
      for (const one of form.elements) {
        one.disabled = true;
      }
      sending.hidden = false;
      told.textContent = place.dataset.sending;
      const polling = setInterval(async () => {
        const state = await ask(place.dataset.upload);
        if (state) {
          told.textContent = state.told;
        }
      }, everyMs);
      const broken = () => {
        clearInterval(polling);
        told.textContent = place.dataset.broken;
        for (const one of form.elements) {
          one.disabled = false;
        }
      };
      request.upload.addEventListener("progress", (sent) => {
        if (sent.lengthComputable) {
          bar.value = (100 * sent.loaded) / sent.total;
        }
      });
      request.addEventListener("error", broken);
      request.addEventListener("abort", broken);
      request.addEventListener("load", () => {
        clearInterval(polling);
        if (request.status < 400) {
          location.assign(place.dataset.done);
          return;
        }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const said = page.querySelector("main");
        if (said) {
          document.querySelector("main").replaceWith(said);
          said.focus();
        } else {
          broken();
        }
      });
      request.open("POST", form.action);
      request.send(body);
    });
  }

  const watched = document.querySelector("[data-watch]");
  if (watched) {
    const told = watched.querySelector("[data-told]");
    const watching = setInterval(async () => {
      const state = await ask(watched.dataset.watch);
      if (state) {
        told.textContent = state.told;
        if (state.over) {
          clearInterval(watching);
          location.reload();
        }
      }
    }, everyMs);
  }
})();
