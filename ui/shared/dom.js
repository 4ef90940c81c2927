// Elements made by scripts, messages, and small formats.
import { config } from "./config.js";
import { LANGUAGES, setWord } from "./words.js";

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
export const percent = (probability) => `${Math.round(probability * 100)} %`;
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Makes an element. Beside HTML attributes: word and label (a key, or [key, values]), texts ({kk, ru, en}).
export function make(tag, { word, label, texts, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  if (texts) for (const language of LANGUAGES) element.dataset[language] = texts[language];
  if (label) {
    const [key, values] = [label].flat();
    element.dataset.wordLabel = key;
    if (values) element.dataset.labelValues = JSON.stringify(values);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  if (word) setWord(element, ...[word].flat());
  return element;
}

export const button = (attributes, ...children) => (
  make("button", { type: "button", class: "quiet", ...attributes }, ...children));

// Fills an element with markup of our own, such as an icon or a chart of numbers; never with anybody's text.
export function setMarkup(element, markup) {
  element.innerHTML = markup; // eslint-disable-line no-restricted-properties
  return element;
}

// An emotion as icon, word and colour; for an unclear one a small grey mark that says so when it is pointed at.
export function emotionChip(name) {
  if (!name) return make("span", { class: "emotion none", role: "img", tabindex: 0, label: "emotion.none" });
  const { icon, colour, names } = config.emotions[name];
  const chip = setMarkup(make("span", { class: "emotion", style: `--tint:${colour}` }), icon);
  chip.append(make("span", { texts: names }));
  return chip;
}

// What keeps something from being done, as a word of the app.
export class Problem extends Error {
  constructor(key, values) { super(key); Object.assign(this, { key, values }); }
}

// A function that shows a word in a status line, red when it is a problem.
export const messenger = (element) => (key, values, bad = false) => {
  setWord(element, key, values);
  element.classList.toggle("problem", bad);
};

// Does work and says what keeps it from being done.
export async function reportProblem(say, work) {
  try { return await work(); } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return say(problem.key, problem.values, true);
  }
}

// Takes the files that somebody chooses; the same file can be chosen again.
export function onChosen(input, take) {
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    if (files.length) take(files);
  });
}

// Takes files that somebody chooses or drops.
export function onFiles(zone, take) {
  onChosen(zone.querySelector("input"), take);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
    });
  }
  zone.addEventListener("drop", (event) => take([...event.dataTransfer.files]));
}
