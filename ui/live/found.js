// Find a sign: the words of a dictionary that are nearest to the last sign, none of them as if certain.
import { clock, make } from "../shared/dom.js";
import { setWord } from "../shared/words.js";

const item = ({ nearness, ...names }) => make("li", {},
  make("b", { texts: names }), " ",
  make("span", { "class": "near", "style": `--part:${Math.round(100 * Math.max(0, nearness))}%` },
    make("span", { word: "find.nearness", "class": "hidden" }), " ",
    make("span", { "data-number": nearness.toFixed(2) })));

export class FoundList {
  constructor(element) {
    this.page = element.querySelector(".live");
    this.find = (name) => element.querySelector(`#live-${name}`);
  }

  // Shows the list in place of words, or words again.
  show(on) {
    this.page.classList.toggle("finding", on);
    this.find("found").hidden = !on;
    this.find("nearest").replaceChildren();
    setWord(this.find("found-sign"), "find.waiting");
  }

  add(found) {
    const last = found?.at(-1);
    if (!last) return;
    this.find("nearest").replaceChildren(...last.nearest.map(item));
    setWord(this.find("found-sign"), "find.sign", { time: clock(last.start) });
  }
}
