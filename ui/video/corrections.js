// Words of a video's table that somebody corrects; the corrected transcript can be saved, the files before stay.
import { correctionElements } from "../shared/correction.js";
import { button, make } from "../shared/dom.js";
import { saveTranscript } from "../shared/saving.js";
import { chosenVocabulary } from "../shared/vocabulary.js";
import { LANGUAGES, setWord } from "../shared/words.js";

// section: a result, whose words are in data-words.
export function startCorrections(section) {
  if (!section?.dataset.words || section.dataset.begun) return;
  section.dataset.begun = "1";
  const words = JSON.parse(section.dataset.words), removed = new Set();
  const row = (n) => section.querySelector(`tr[data-n="${n}"]`);
  const close = () => section.querySelector("tr.correcting")?.remove();

  function changed(n) {
    close();
    section.querySelector(".corrected-files").hidden = false;
    row(n)?.querySelector(".pencil").focus();
  }

  function choose(n, sign) {
    Object.assign(words[n], { sign, sign_probability: null, corrected: true });
    for (const element of section.querySelectorAll(`[data-named="${n}"]`)) {
      for (const code of LANGUAGES) element.dataset[code] = sign[code];
    }
    const sure = row(n).querySelector(".sure");
    sure.className = "sure";
    setWord(sure, "live.corrected");
    changed(n);
  }

  function remove(n) {
    removed.add(n);
    row(n).remove();
    section.querySelector(`.bar[data-bar="${n}"]`)?.remove();
    changed(n);
  }

  section.addEventListener("click", (event) => {
    const pencil = event.target.closest(".pencil");
    const format = event.target.closest("[data-corrected]")?.dataset.corrected;
    if (format) {
      const kept = words.filter((_, n) => !removed.has(n));
      saveTranscript(kept, format, chosenVocabulary("video"), section.dataset.stem);
    }
    if (!pencil) return;
    const n = Number(pencil.dataset.n), wasOpen = pencil.getAttribute("aria-expanded") === "true";
    for (const one of section.querySelectorAll(".pencil")) one.setAttribute("aria-expanded", false);
    close();
    if (wasOpen) return;
    pencil.setAttribute("aria-expanded", true);
    const form = correctionElements(words[n], { choose: (sign) => choose(n, sign), remove: () => remove(n) });
    row(n).after(make("tr", { class: "correcting" }, make("td", { colspan: 7 }, form)));
    form.querySelector("button").focus();
  });
  const formats = section.dataset.formats.split(" ");
  section.querySelector(".corrected-files").append(...formats.map((format) => (
    button({ "data-corrected": format }, format.toUpperCase()))));
}
