// What is shown of takes: how each was found, and how far somebody is.
import { emotionChip, make } from "../shared/dom.js";

const SHOWN = 6; // takes in the list

// A take that is being checked, on top of the list; gives its element. word: its names in all languages.
export function listTake(list, word, emotion) {
  const item = make("li", {}, make("b", { texts: word }), " ", emotionChip(emotion), " ",
    make("span", { word: "teach.checking" }));
  list.prepend(item);
  [...list.children].slice(SHOWN).forEach((one) => one.remove());
  return item;
}

export function tellTake(item, kind, word, values) {
  item.className = kind;
  item.lastElementChild.replaceWith(make("span", { word: [word, values] }));
}

// How far somebody is, as text and as a bar.
export function progress(done, all) {
  const share = all ? Math.round(100 * Math.min(1, done / all)) : 0;
  return [make("span", { word: ["studio.done", { n: done, all }] }),
    make("div", { "class": "track", "role": "progressbar", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-valuenow": share, "label": "studio.progress" }, make("div", { style: `width:${share}%` }))];
}
