// The names of the word that is taught, in three languages. A suggestion fills them all in; when somebody changes one
// of them it is another word, and what the suggestion wrote in the others goes.
import { Problem } from "../shared/dom.js";
import { LANGUAGES } from "../shared/words.js";

export class WordFields {
  id = ""; // of a word that is there or waits; empty for one that was typed
  #filled = null;

  // find: an element of the page by its name.
  constructor(find) {
    this.find = find;
    for (const code of LANGUAGES) find(code).addEventListener("input", () => this.#typed(code));
  }

  get names() { return Object.fromEntries(LANGUAGES.map((code) => [code, this.find(code).value.trim()])); }

  fill(word) {
    this.id = word.id === "typed" ? "" : word.id;
    this.#filled = word;
    for (const code of LANGUAGES) this.find(code).value = word[code];
  }

  clear() { this.fill({ id: "", kk: "", ru: "", en: "" }); }

  #typed(code) {
    for (const other of LANGUAGES) {
      const field = this.find(other);
      if (other !== code && this.id && field.value === this.#filled[other]) field.value = "";
    }
    this.id = "";
  }

  // The id of the word, also where somebody typed a name that one of these words has.
  idAmong(words) {
    const { names } = this, same = (word) => LANGUAGES.some((code) => names[code] && word[code] === names[code]);
    return this.id || words.find(same)?.id || "";
  }

  // The names; throws a Problem where there is no vocabulary or no word: then nothing is recorded and nothing learnt.
  check(vocabulary) {
    const needed = (name, word) => {
      this.find(name).focus();
      throw new Problem(word);
    };
    if (!vocabulary) needed("vocabulary", "teach.no_vocabulary_chosen");
    if (!Object.values(this.names).some(Boolean)) needed("kk", "teach.no_word");
    return this.names;
  }
}
