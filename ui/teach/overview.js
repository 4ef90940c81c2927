// What a taught vocabulary knows: its words, how well they are told apart, and what to do next.
import { button, make } from "../shared/dom.js";
import { language } from "../shared/words.js";
import { address } from "./requests.js";

const level = (accuracy) => (accuracy >= 0.8 ? "high" : accuracy >= 0.5 ? "middle" : "low");
const message = (word) => make("p", { class: "message", word });
const column = (word) => make("th", { scope: "col", word });

// A button about a word; data says what it does.
const wordButton = (word, data, attributes, ...content) => (
  button({ [`data-${data}`]: word.id, ...attributes }, ...content));

// A share of few recordings says little: it is told as a count, with the 95 % interval of the share.
const range = ([low, high]) => ["teach.interval", { low: Math.round(100 * low), high: Math.round(100 * high) }];
const ofAll = ({ right, asked }) => ["teach.of_all", { right, n: asked }];

function accuracyCell(word) {
  const { accuracy, interval } = word;
  if (accuracy === null) return "–";
  return make("span", { class: `sure ${level(accuracy)}`, style: `--part:${accuracy * 100}%` },
    make("span", { word: ofAll(word) }), " ", make("small", { word: range(interval) }));
}

function row(word) {
  const named = { word: word[language] };
  return make("tr", {}, make("th", { scope: "row" }, make("span", { texts: word })), make("td", {}, word.recordings),
    make("td", {}, accuracyCell(word)),
    make("td", { class: "tools" },
      word.shown && [wordButton(word, "show", { label: ["teach.show", named] }, "▶"), " "],
      wordButton(word, "add", { label: ["teach.add_label", named] }, "+", make("span", { word: "teach.add" })), " ",
      wordButton(word, "forget", { label: ["teach.forget", named] }, "✕")));
}

function table(words) {
  const columns = ["teach.column_word", "teach.column_recordings", "teach.column_right"].map(column);
  const head = make("thead", {}, make("tr", {}, columns, make("td")));
  return make("div", { class: "wide", tabindex: 0 }, make("table", {}, head, make("tbody", {}, words.map(row))));
}

// All of it as elements; overview as the server gives it.
export function overviewElements(overview) {
  const { name, words, accuracy, few, advice, confused, missed } = overview;
  const find = (id) => words.find((word) => word.id === id) || { id, kk: id, ru: id, en: id };
  const bold = (id) => make("b", { texts: find(id) });
  const shown = (...ids) => ids.every((id) => find(id).shown);
  const compare = (...ids) => shown(...ids) && button({ "data-pair": ids.join(" "), "word": "teach.pair" });
  const pairs = [
    ...confused.map(({ right, answered: other }) => (
      make("li", {}, bold(right), " → ", bold(other), " ", compare(right, other)))),
    ...missed.map(({ right }) => make("li", {}, bold(right), " ", make("span", { word: "teach.missed" })))];
  const download = (word, query) => (
    make("a", { class: "quiet", href: address("download", { vocabulary: name, ...query }), download: true, word }));
  return [
    make("h3", { class: "name" }, name),
    accuracy !== null && make("div", { class: "figures" }, make("div", { class: "figure" },
      make("span", { word: "teach.accuracy" }), make("b", { word: ofAll(overview) }),
      make("small", { word: range(overview.interval) }), make("small", { word: "teach.accuracy_how" }))),
    words.length === 0 && message("teach.empty"),
    few.words && message("teach.few_words"),
    few.takes && message("teach.few_takes"),
    advice.length > 0 && words.length > 1 && make("div", { class: "message advice" },
      make("span", { word: "teach.advice" }),
      advice.flatMap((id) => [" ", wordButton(find(id), "add", {}, make("span", { texts: find(id) }))])),
    pairs.length > 0 && [make("h4", { word: "teach.confused" }), make("ul", { class: "pairs" }, pairs)],
    make("div", { class: "pair", id: "teach-figures", hidden: true }),
    words.length > 0 && table(words),
    make("div", { class: "downloads" },
      download("teach.download", {}), download("teach.download_plain", { shown: false }),
      button({ "class": "quiet danger", "data-delete": true, "word": "teach.delete" })),
    make("div", { class: "message problem sure", id: "teach-sure", role: "alertdialog", hidden: true }),
  ].flat().filter(Boolean);
}

// The words that wait to be taught.
export const todoItems = (words) => words.map((word) => (
  make("li", {}, wordButton(word, "todo", {}, make("span", { texts: word })))));
