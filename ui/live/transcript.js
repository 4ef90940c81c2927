// The running transcript: words with their time and emotion, to correct, copy, speak and save.
import { config, signNames } from "../shared/config.js";
import { button, clock, emotionChip, make, percent, wait } from "../shared/dom.js";
import { chosenVocabulary } from "../shared/vocabulary.js";
import { language, onLanguage, setWord } from "../shared/words.js";

const wordText = (word) => word.sign[language];
const probability = (word) => make("span", { class: "sure" },
  word.corrected ? make("span", { word: "live.corrected" }) : percent(word.sign_probability));

function choices(word, n) {
  const suggestions = word.alternatives.map((one) => button({ "class": "", "data-n": n, "data-choose": one.id },
    make("span", { texts: signNames(one.id) }), " ", make("small", {}, percent(one.probability))));
  return make("div", { class: "choices" }, make("span", { word: "live.which" }), suggestions,
    button({ "data-n": n, "data-remove": true }, make("span", { word: "live.wrong" })));
}

function row(word, n) {
  const label = ["live.correct", { word: wordText(word) }];
  return make("li", {},
    make("span", { class: "time" }, clock(word.start)), make("b", { texts: word.sign }), emotionChip(word.emotion),
    probability(word),
    button({ "class": "quiet pencil", "data-n": n, label, "aria-expanded": `${Boolean(word.open)}` }, "✎"),
    word.open && choices(word, n));
}

// The date and the time of the clock on the wall, as a file's name can hold them: 2026-11-26 14.05.
const localTime = () => new Date().toLocaleString("sv").slice(0, 16).replace(":", ".");

async function copyText(text) {
  try { await navigator.clipboard.writeText(text); } catch {
    const area = document.body.appendChild(make("textarea", {}, text));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export class Transcript {
  #words = [];

  constructor(element) {
    this.find = (name) => element.querySelector(`#live-${name}`);
    const { find } = this;
    find("words").addEventListener("click", (event) => this.#edit(event.target.closest("button")));
    find("clear").addEventListener("click", () => { this.#words.length = 0; this.#render(); });
    find("copy").addEventListener("click", async () => {
      await copyText(this.#words.map(wordText).join(" "));
      setWord(find("copy"), "live.copied");
      await wait(1500);
      setWord(find("copy"), "live.copy");
    });
    find("downloads").addEventListener("click", (event) => this.#save(event.target.dataset.format));
    this.#offerVoice();
    onLanguage(() => this.#render());
    this.#render();
  }

  add(words) {
    if (!words.length) return;
    this.#words.push(...words);
    this.#render();
    this.find("words").scrollTop = this.find("words").scrollHeight;
  }

  #render() {
    const words = this.#words, last = words.at(-1);
    this.find("downloads").hidden = !last;
    const empty = make("li", { class: "empty", word: "live.empty" });
    this.find("words").replaceChildren(...(last ? words.map(row) : [empty]));
    this.find("now").replaceChildren(...(last ? [
      make("p", { class: "big", texts: last.sign }),
      make("p", { class: "side" }, emotionChip(last.emotion), probability(last)),
    ] : [make("p", { class: "waiting", word: "live.waiting" })]));
  }

  #edit(pressed) {
    if (!pressed) return;
    const n = Number(pressed.dataset.n), word = this.#words[n], id = pressed.dataset.choose;
    if (id) {
      Object.assign(word, { sign: { id, ...config.signs[id] }, sign_probability: null, corrected: true, open: false });
    } else if ("remove" in pressed.dataset) this.#words.splice(n, 1);
    else word.open = !word.open;
    this.#render();
    this.find("words").querySelector(`.pencil[data-n="${n}"]`)?.focus();
  }

  // Offered only where the browser has a voice for the language.
  #offerVoice() {
    if (!window.speechSynthesis) return;
    const voice = () => speechSynthesis.getVoices().find((one) => one.lang.slice(0, 2) === language);
    const offer = () => { this.find("speak").hidden = !voice(); };
    offer();
    speechSynthesis.addEventListener("voiceschanged", offer);
    onLanguage(offer);
    this.find("speak").addEventListener("click", () => {
      const speech = new SpeechSynthesisUtterance(this.#words.map(wordText).join(". "));
      Object.assign(speech, { voice: voice(), lang: voice().lang });
      speechSynthesis.cancel();
      speechSynthesis.speak(speech);
    });
  }

  async #save(format) {
    if (!format) return;
    const words = this.#words.map(({ open, ...word }) => word);
    const query = new URLSearchParams({ format, language, signs: chosenVocabulary("live") });
    const reply = await fetch(`live/export?${query}`, { method: "POST", body: JSON.stringify({ words }) });
    if (!reply.ok) return;
    const href = URL.createObjectURL(await reply.blob());
    make("a", { href, download: `kslr ${localTime()}.${format}` }).click();
    await wait(10_000);
    URL.revokeObjectURL(href);
  }
}
