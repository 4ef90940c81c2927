// The three languages: every element that names a word (data-word) or carries its text in each language (data-kk,
// data-ru, data-en) shows the chosen one, from the moment it appears.
import { config, recall, remember } from "./config.js";

export const LANGUAGES = Object.keys(config.languages);
const TRANSLATED = "[data-word],[data-word-label],[data-kk],[data-number]";
const PLURALS = { kk: ["other"], ru: ["one", "few", "many"], en: ["one", "other"] }; // the order of a word's forms
const wanted = [new URLSearchParams(location.search).get("lang"), recall("language"), ...navigator.languages];

const known = wanted.map((code) => code?.slice(0, 2)).find((code) => LANGUAGES.includes(code));

// Somebody whose browser speaks another language reads English more likely than Kazakh.
export let language = known || "en";

// A number as the language writes it, at most so many digits after the point or comma, or exactly so many.
export function number(value, digits = 3, exact = false) {
  const options = { maximumFractionDigits: digits, minimumFractionDigits: exact ? digits : 0, useGrouping: false };
  // Browsers claim to know Kazakh numbers and write English ones; Kazakh writes them as Russian does.
  return new Intl.NumberFormat(language === "kk" ? "ru" : language, options).format(value);
}

function plural(value, forms) {
  const which = PLURALS[language].indexOf(new Intl.PluralRules(language).select(Number(value)));
  return forms[Math.max(0, which)] ?? forms.at(-1);
}

// Braces name a value: {n}, or {n:слово|слова|слов} for the form of a word that fits the number.
export function text(key, values = {}) {
  return (config.words[key]?.[language] ?? key).replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name, forms) => {
    const value = values[name] ?? "";
    if (forms) return plural(value, forms.split("|"));
    return typeof value === "number" ? number(value) : value;
  });
}

function translate(element) {
  const { word, values, wordLabel, labelValues, number: value, digits } = element.dataset;
  const plain = value ? number(Number(value), Number(digits ?? 2), true) : element.dataset[language];
  const content = word ? text(word, values && JSON.parse(values)) : plain;
  if (content !== undefined && element.textContent !== content) element.textContent = content;
  if (wordLabel) element.setAttribute("aria-label", text(wordLabel, labelValues && JSON.parse(labelValues)));
}

function translateAll(root) {
  if (root.matches(TRANSLATED)) translate(root);
  root.querySelectorAll(TRANSLATED).forEach(translate);
}

// Gives an element a word of the app, or empties it.
export function setWord(element, key, values) {
  if (values) element.dataset.values = JSON.stringify(values);
  else delete element.dataset.values;
  if (key) element.dataset.word = key;
  else { delete element.dataset.word; if (element.textContent) element.textContent = ""; }
  translate(element);
}

export function setLanguage(code) {
  language = code;
  remember("language", code);
  document.documentElement.lang = code;
  translateAll(document.body);
  document.dispatchEvent(new Event("kslr:language"));
}

export const onLanguage = (callback) => document.addEventListener("kslr:language", callback);

// Translates what is there and what appears later, from the server or from a script.
export function watchWords() {
  translateAll(document.body);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes" || target.matches?.(TRANSLATED)) translate(target);
      addedNodes.forEach((node) => node.nodeType === Node.ELEMENT_NODE && translateAll(node));
    }
  }).observe(document.body, {
    childList: true, subtree: true, attributes: true,
    attributeFilter: ["data-word", "data-values", "data-kk", "data-number"],
  });
}
