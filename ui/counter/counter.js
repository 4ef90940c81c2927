// Both ways at a counter: the clerk types, speaks or presses a phrase, and it stands in very large letters, turned
// round for whoever sits opposite. Nothing of it leaves this browser.
import { recall, remember } from "../shared/config.js";
import { button, make, messenger } from "../shared/dom.js";
import { language, onLanguage, setWord } from "../shared/words.js";
import { VENUES, chosenVenue, keepPhrases, phrases } from "./phrases.js";
import { startSpeech } from "./speech.js";

const SIZES = [[18, "huge"], [60, "large"], [140, "middle"]]; // characters up to which letters are of a size
const CHOICES = ["turn", "swap"];
const KEPT = "kslr.reply"; // the answer that is shown, in this tab

function recallReply() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
}

class Counter {
  constructor(page) {
    Object.assign(this, { page, live: page.querySelector(".live") });
    this.find = (name) => page.querySelector(`#counter-${name}`);
    const { find } = this, on = (name, event, work) => find(name).addEventListener(event, work);
    this.say = messenger(find("note"));
    this.mode = page.querySelector("#live-mode");
    this.mode.addEventListener("click", () => {
      this.open(find("panel").hidden);
      if (!find("panel").hidden) page.querySelector("#live-lexicon").open = false; // room for both sides
    });
    on("form", "submit", (event) => { event.preventDefault(); this.answer(find("text").value); });
    on("text", "keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.answer(find("text").value);
    });
    on("wipe", "click", () => this.show(null));
    for (const name of CHOICES) on(name, "click", () => this.choose(name, find(name).ariaPressed !== "true"));
    on("full", "click", () => this.fill(true));
    on("leave", "click", () => this.fill(false));
    page.addEventListener("keydown", (event) => { if (event.key === "Escape") this.fill(false); });
    const option = ([value, word]) => make("option", { value, word });
    find("venue").replaceChildren(...Object.entries(VENUES).map(option));
    find("venue").value = chosenVenue();
    on("venue", "change", () => { remember("venue", find("venue").value); this.showPhrases(); });
    on("edit", "click", () => this.edit(find("own").hidden));
    on("own", "submit", (event) => { event.preventDefault(); this.keep(find("lines").value); });
    on("reset", "click", () => this.keep(null));
    const failed = () => this.say("counter.speak_failed", null, true);
    startSpeech(find("speak"), find("speech"), (heard, final) => {
      find("text").value = heard;
      if (final) this.answer(heard);
    }, failed);
    onLanguage(() => this.showPhrases());
    for (const name of CHOICES) this.choose(name, recall(`counter.${name}`) === "1");
    this.open(recall("counter") === "1");
    this.show(recallReply());
    this.showPhrases();
  }

  open(on) {
    remember("counter", on ? "1" : "");
    this.find("panel").hidden = !on;
    this.mode.setAttribute("aria-pressed", on);
    this.live.classList.toggle("countering", on);
    if (!on) this.fill(false);
  }

  choose(name, on) {
    remember(`counter.${name}`, on ? "1" : "");
    this.find(name).setAttribute("aria-pressed", on);
    if (name === "turn") this.find("reply").classList.toggle("turned", on);
    else this.live.classList.toggle("swapped", on);
  }

  answer(typed) {
    const reply = typed.trim();
    if (!reply) return;
    this.say(null);
    this.show({ reply, lang: language });
    this.find("text").value = "";
    document.dispatchEvent(new CustomEvent("kslr:reply", { detail: { reply, lang: language } }));
  }

  // answer: {reply, lang}, or null for none.
  show(answer) {
    try { sessionStorage.setItem(KEPT, JSON.stringify(answer)); } catch { /* a private window */ }
    const [, size] = SIZES.find(([most]) => (answer?.reply.length ?? 99) <= most) || [0, "small"];
    this.find("reply").dataset.size = size;
    this.find("reply").replaceChildren(answer ? make("p", { lang: answer.lang }, answer.reply)
      : make("p", { class: "waiting", word: "counter.empty" }));
    this.find("wipe").hidden = !answer;
  }

  fill(on) {
    this.find("screen").classList.toggle("filling", on);
    if (on) this.find("leave").hidden = false;
    const focused = document.activeElement === this.find("leave");
    if (on) this.find("leave").focus();
    else if (focused) this.find("full").focus();
    this.find("leave").hidden = !on; // last: what is hidden while it has the focus takes the focus with it
  }

  showPhrases() {
    this.find("phrases").replaceChildren(...phrases(this.find("venue").value).map((phrase) => {
      const one = button({ lang: language }, phrase);
      one.addEventListener("click", () => this.answer(phrase));
      return make("li", {}, one);
    }));
    this.edit(false);
  }

  edit(on) {
    this.find("own").hidden = !on;
    this.find("edit").setAttribute("aria-expanded", on);
    if (!on) return;
    this.find("lines").value = phrases(this.find("venue").value).join("\n");
    this.find("lines").focus();
  }

  keep(lines) {
    keepPhrases(this.find("venue").value, lines);
    this.showPhrases();
    this.find("edit").focus();
  }
}

export function startCounter(page) {
  setWord(page.querySelector("#live-mode"), "counter.mode");
  return new Counter(page);
}
