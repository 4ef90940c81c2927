// The words that can be signed here, and how each is signed where an example may be shown.
import { recall, remember } from "../shared/config.js";
import { make } from "../shared/dom.js";
import { FigureLoop } from "../shared/figure.js";
import { chosenVocabulary, fetchJson } from "../shared/vocabulary.js";
import { LANGUAGES, language, onLanguage, setWord } from "../shared/words.js";

const MOST = 60; // words that are listed at once

class Lexicon {
  words = [];

  constructor(page) {
    this.box = page.querySelector("#live-lexicon");
    this.find = (name) => page.querySelector(`#lexicon-${name}`);
    const { find, box } = this;
    this.figure = new FigureLoop(find("example"));
    find("search").addEventListener("input", () => this.list());
    find("close").addEventListener("click", () => this.close());
    find("words").addEventListener("click", (event) => {
      const word = event.target.closest("button")?.dataset.shown;
      if (word) this.show(word, event.target.closest("button"));
    });
    // Open at the first visit, and then as it was left.
    box.open = recall("lexicon") !== "closed";
    box.addEventListener("toggle", () => remember("lexicon", box.open ? "open" : "closed"));
    page.querySelector("select[data-vocabulary]").addEventListener("change", () => this.load());
    onLanguage(() => this.list());
    this.load();
  }

  async load() {
    const name = chosenVocabulary("live");
    this.close();
    const words = await fetchJson(`lexicon?${new URLSearchParams({ name })}`, []);
    if (name !== chosenVocabulary("live")) return; // another one was chosen meanwhile
    this.words = words;
    setWord(this.find("count"), "lexicon.count", { n: words.length });
    this.list();
  }

  list() {
    const asked = this.find("search").value.trim().toLocaleLowerCase();
    const fits = (word) => LANGUAGES.some((code) => word[code].toLocaleLowerCase().includes(asked));
    const found = this.words.filter(fits);
    const sorted = found.sort((a, b) => a[language].localeCompare(b[language], language));
    this.find("words").replaceChildren(...sorted.slice(0, MOST).map(({ id, shown, ...names }) => make("li", {}, shown
      ? make("button", { "type": "button", "data-shown": id }, make("span", { texts: names }))
      : make("span", { texts: names }))));
    const more = found.length - MOST, shown = this.words.some((word) => word.shown);
    if (!found.length && this.words.length) setWord(this.find("note"), "lexicon.none");
    else if (more > 0) setWord(this.find("note"), "lexicon.more", { n: more });
    else setWord(this.find("note"), shown ? "lexicon.shown" : "lexicon.unshown");
  }

  async show(word, pressed) {
    const query = new URLSearchParams({ name: chosenVocabulary("live"), word });
    const example = await fetchJson(`lexicon/example?${query}`, {});
    if (!example.points) return;
    this.find("stage").hidden = false;
    for (const one of this.find("words").querySelectorAll("[aria-pressed]")) one.removeAttribute("aria-pressed");
    pressed.setAttribute("aria-pressed", true);
    this.figure.show(example);
  }

  close() {
    this.figure.stop();
    this.find("stage").hidden = true;
    this.find("words").querySelector("[aria-pressed]")?.removeAttribute("aria-pressed");
  }
}

export const startLexicon = (page) => new Lexicon(page);
