// Correcting a word: one of the ten likeliest, any other word of the vocabulary, any text, or teaching the sign.
import { openPage } from "./app.js";
import { config, signNames } from "./config.js";
import { button, make, percent } from "./dom.js";
import { LANGUAGES, language } from "./words.js";

const MOST = 10, LONGEST = 200; // suggestions; characters
let made = 0;

// The sign that somebody types: one that the vocabulary has, in whichever language, or their own words.
export function typedSign(typed, signs) {
  const text = typed.trim().slice(0, LONGEST), same = text.toLocaleLowerCase();
  const known = Object.entries(signs).find(([id, names]) => (
    id === same || LANGUAGES.some((code) => names[code]?.toLocaleLowerCase() === same)));
  if (known) return { id: known[0], ...known[1] };
  return { id: "typed", kk: text, ru: text, en: text, latin: text };
}

// Opens the Teach page with the names filled in.
export function teachSign(sign) {
  openPage("teach");
  document.dispatchEvent(new CustomEvent("kslr:teach", { detail: sign }));
}

// word: with its alternatives; choose(sign), remove(): what is done then; attributes: of every button.
export function correctionElements(word, { choose, remove, signs = config.signs, attributes = {} }) {
  const press = (more, work, ...content) => {
    const one = button({ class: "", ...attributes, ...more }, ...content);
    one.addEventListener("click", (event) => { event.stopPropagation(); work(); });
    return one;
  };
  const names = (id) => signs[id] || signNames(id);
  const suggestions = word.alternatives.slice(0, MOST).map(({ id, probability }) => press(
    { "data-choose": id }, () => choose({ id, ...names(id) }),
    make("span", { texts: names(id) }), " ", make("small", {}, percent(probability))));
  const id = `correct-words-${++made}`;
  const input = make("input", {
    type: "text", list: id, maxlength: LONGEST, label: "correct.other", autocomplete: "off",
  });
  const list = make("datalist", { id }, Object.values(signs).map((sign) => make("option", { value: sign[language] })));
  const form = make("form", { class: "row", "data-typed": true }, input, list,
    make("button", { type: "submit", class: "quiet", word: "correct.use" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) choose(typedSign(input.value, signs));
  });
  return make("div", { class: "choices" }, make("span", { word: "live.which" }), suggestions, form,
    press({ "data-remove": true }, remove, make("span", { word: "live.wrong" })),
    press({ "data-teach-sign": true }, () => teachSign(input.value.trim() ? typedSign(input.value, signs) : word.sign),
      make("span", { word: "correct.teach" })));
}
