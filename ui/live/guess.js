// What the sign under way looks like so far, and its likeliest words, for people who open the list.
import { config, signNames } from "../shared/config.js";
import { make, percent } from "../shared/dom.js";

const PERHAPS_SHOWN = 4000, LIKELIEST = 5; // milliseconds; words
const sureness = (probability) => make("span", { class: "sure" }, percent(probability));

const item = ({ id, probability }) => make("li", {}, make("b", { texts: signNames(id) }), " ", sureness(probability));

export class Guess {
  constructor(line, details) {
    Object.assign(this, { line, details, perhapsUntil: 0, likeliest: null });
    details.addEventListener("toggle", () => this.#list());
  }

  begin() { this.likeliest = null; }

  // Grey, and not read aloud by screen readers, because it may change. A word that was not certain enough stays there
  // for a while as "perhaps …".
  show(guess, said, on) {
    const sign = guess && config.signs[guess.id], now = performance.now();
    if (!sign && !said && on && now < this.perhapsUntil) return;
    this.perhapsUntil = guess?.perhaps ? now + PERHAPS_SHOWN : 0;
    const perhaps = guess?.perhaps && [make("span", { word: "live.perhaps" }), " "];
    this.line.replaceChildren(...(sign ? [...(perhaps || []), make("span", { texts: sign }), " …"] : []));
  }

  // Of the sign under way, else of the last word.
  showLikeliest(guess, words) {
    this.likeliest = guess?.top5 || words?.at(-1)?.alternatives || this.likeliest;
    if (this.likeliest) this.details.hidden = false;
    this.#list();
  }

  #list() {
    if (!this.likeliest || !this.details.open) return;
    this.details.querySelector("ul").replaceChildren(...this.likeliest.slice(0, LIKELIEST).map(item));
  }
}
