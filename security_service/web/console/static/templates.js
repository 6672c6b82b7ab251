// Length, segments and the GSM-7 check of texts while they are typed; domain/segments.py says the same.
"use strict";

globalThis.etalonTemplates = (() => {
  const BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
  const EXTENSION = "\f^{}\\[~]|€";
  const WIDTHS = new Map([...[...BASIC].map((one) => [one, 1]), ...[...EXTENSION].map((one) => [one, 2])]);
  const WHOLE = { gsm7: 160, ucs2: 70 };
  const PART = { gsm7: 153, ucs2: 67 };
  const MOST_TOLD = 12;

  // A text of one segment holds 160 septets or 70 UTF-16 units, a part of a longer one 153 or 67.
  const segments = (text) => {
    const letters = [...text];
    const encoding = letters.every((one) => WIDTHS.has(one)) ? "gsm7" : "ucs2";
    const widths = letters.map((one) => (encoding === "gsm7" ? WIDTHS.get(one) : one.length));
    let units = 0;
    let count = 1;
    let room = PART[encoding];
    for (const width of widths) {
      units += width;
      if (width > room) {
        count += 1;
        room = PART[encoding];
      }
      room -= width;
    }
    return { encoding, units, count: units <= WHOLE[encoding] ? 1 : count };
  };

  // A text full of them is written in another alphabet on purpose.
  const foreign = (text) => {
    const odd = new Set([...text].filter((one) => !WIDTHS.has(one)));
    return odd.size <= MOST_TOLD ? [...odd].join("") : "";
  };

  const filled = (text, sample, webOtp, appHash) => {
    const body = text.replace(/\{([^{}]*)\}/g, (_whole, name) => (Object.hasOwn(sample, name) ? sample[name] : ""));
    if (webOtp) {
      return `${body}\n\n@${webOtp} #${sample.code}`;
    }
    return appHash ? `${body}\n${appHash}` : body;
  };

  return { segments, foreign, filled };
})();

if (typeof document !== "undefined") {
  const { segments, foreign, filled } = globalThis.etalonTemplates;
  const editor = document.querySelector("[data-templates]");
  if (editor) {
    const sample = JSON.parse(editor.dataset.sample);
    const words = JSON.parse(editor.dataset.words);
    const ending = (name) => editor.querySelector(`[data-ending="${name}"]`).value.trim();
    const show = (row) => {
      const text = row.querySelector("textarea").value.normalize("NFC").trim();
      const told = row.querySelector("[data-told]");
      told.hidden = text === "";
      const shown = filled(text, sample, ending("web_otp"), ending("app_hash"));
      const size = segments(shown);
      const odd = foreign(shown);
      row.querySelector("[data-preview]").textContent = shown;
      row.querySelector("[data-units]").textContent = String(size.units);
      row.querySelector("[data-count]").textContent = String(size.count);
      row.querySelector("[data-encoding]").textContent = words[size.encoding];
      row.querySelector("[data-foreign]").textContent = odd;
      row.querySelector("[data-foreign-line]").hidden = odd === "";
    };
    const rows = [...editor.querySelectorAll("[data-template]")];
    for (const row of rows) {
      row.querySelector("textarea").addEventListener("input", () => show(row));
    }
    for (const one of editor.querySelectorAll("[data-ending]")) {
      one.addEventListener("input", () => rows.forEach(show));
    }
    rows.forEach(show);
  }
}
