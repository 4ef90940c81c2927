// The three languages: every element that names a word (data-word) or carries its text in each language (data-kk,
// data-ru, data-en) shows the chosen one, from the moment it appears.
import { config, recall, remember } from "./config.js";

export const LANGUAGES = Object.keys(config.languages);
const TRANSLATED = "[data-word],[data-word-label],[data-kk]";
const wanted = [new URLSearchParams(location.search).get("lang"), recall("language"), ...navigator.languages];

const known = wanted.map((code) => code?.slice(0, 2)).find((code) => LANGUAGES.includes(code));

export let language = known || config.language;

export function text(key, values = {}) {
  return (config.words[key]?.[language] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function translate(element) {
  const { word, values, wordLabel, labelValues } = element.dataset;
  const content = word ? text(word, values && JSON.parse(values)) : element.dataset[language];
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
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-word", "data-values", "data-kk"],
  });
}
