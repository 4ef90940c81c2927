// The running transcript: words with their time and emotion, to correct, copy, speak and save, and what was answered.
// It is kept in this tab, also when the page is loaded again, until the tab is closed.
import { correctionElements } from "../shared/correction.js";
import { button, clock, emotionChip, make, percent, wait } from "../shared/dom.js";
import { localTime, saveFile, saveTranscript } from "../shared/saving.js";
import { chosenVocabulary } from "../shared/vocabulary.js";
import { language, onLanguage, setWord, text } from "../shared/words.js";

const KEPT = "kslr.conversation", MOST = 2000; // entries
const wordText = (word) => word.sign[language];
const probability = (word) => make("span", { class: "sure" },
  word.corrected ? make("span", { word: "live.corrected" }) : percent(word.sign_probability));
const wallClock = (at) => new Date(at).toLocaleTimeString("sv").slice(0, 5);

function recallEntries() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)) || []; } catch { return []; }
}

function wordRow({ word, open }, n, actions) {
  const label = ["live.correct", { word: wordText(word) }];
  return make("li", {},
    make("span", { class: "time" }, clock(word.start)), make("b", { texts: word.sign }), emotionChip(word.emotion),
    probability(word),
    button({ "class": "quiet pencil", "data-n": n, label, "aria-expanded": `${Boolean(open)}` }, "✎"),
    open && correctionElements(word, { ...actions(n), attributes: { "data-n": n } }));
}

const replyRow = ({ reply, lang, at }, n) => make("li", { class: "answer" },
  make("span", { class: "time" }, wallClock(at)), make("b", { lang }, reply),
  make("span", { class: "who", word: "counter.clerk" }),
  button({ "class": "quiet", "data-n": n, "data-delete": true, "label": "counter.delete" }, "✕"));

async function copyText(copied) {
  try { await navigator.clipboard.writeText(copied); } catch {
    const area = document.body.appendChild(make("textarea", {}, copied));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export class Transcript {
  #entries = recallEntries(); // {word, open, at} of the person who signs, {reply, lang, at} of who answers

  constructor(element) {
    this.find = (name) => element.querySelector(`#live-${name}`);
    const { find } = this;
    find("words").addEventListener("click", (event) => this.#press(event.target.closest("button")));
    find("clear").addEventListener("click", () => { this.#entries = []; this.#render(); });
    find("copy").addEventListener("click", async () => {
      await copyText(this.words.map(wordText).join(" "));
      setWord(find("copy"), "live.copied");
      await wait(1500);
      setWord(find("copy"), "live.copy");
    });
    find("downloads").addEventListener("click", (event) => this.#save(event.target.dataset.format));
    find("both").addEventListener("click", () => this.#saveBoth());
    document.addEventListener("kslr:reply", ({ detail }) => this.#add([{ ...detail, at: Date.now() }]));
    this.#offerVoice();
    onLanguage(() => this.#render());
    this.#render();
  }

  get words() { return this.#entries.filter(({ word }) => word).map(({ word }) => word); }

  add(words) {
    if (words.length) this.#add(words.map((word) => ({ word, at: Date.now() })));
  }

  #add(entries) {
    this.#entries = [...this.#entries, ...entries].slice(-MOST);
    this.#render();
    this.find("words").scrollTop = this.find("words").scrollHeight;
  }

  #render() {
    const { words } = this, last = words.at(-1), entries = this.#entries;
    try { sessionStorage.setItem(KEPT, JSON.stringify(entries)); } catch { /* full, or a private window */ }
    this.find("downloads").hidden = !entries.length;
    const empty = make("li", { class: "empty", word: "live.empty" });
    const actions = (n) => ({
      choose: (sign) => this.#change(n, { sign, sign_probability: null, corrected: true }),
      remove: () => { entries.splice(n, 1); this.#render(); },
    });
    const rows = entries.map((one, n) => (one.word ? wordRow(one, n, actions) : replyRow(one, n)));
    this.find("words").replaceChildren(...(rows.length ? rows : [empty]));
    this.find("now").replaceChildren(...(last ? [
      make("p", { class: "big", texts: last.sign }),
      make("p", { class: "side" }, last.emotion && emotionChip(last.emotion), probability(last)),
    ] : [make("p", { class: "waiting", word: "live.waiting" })]));
    document.dispatchEvent(new CustomEvent("kslr:words", { detail: words }));
  }

  #change(n, changes) {
    Object.assign(this.#entries[n].word, changes);
    this.#entries[n].open = false;
    this.#render();
    this.find("words").querySelector(`.pencil[data-n="${n}"]`)?.focus();
  }

  #press(pressed) {
    const n = Number(pressed?.dataset.n), entry = this.#entries[n];
    if (!entry || "choose" in pressed.dataset || "remove" in pressed.dataset) return;
    if ("delete" in pressed.dataset) this.#entries.splice(n, 1);
    else entry.open = !entry.open;
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
      const speech = new SpeechSynthesisUtterance(this.words.map(wordText).join(". "));
      Object.assign(speech, { voice: voice(), lang: voice().lang });
      speechSynthesis.cancel();
      speechSynthesis.speak(speech);
    });
  }

  #save(format) {
    if (format) saveTranscript(this.words, format, chosenVocabulary("live"), `kslr ${localTime()}`);
  }

  // Both sides as text, made here: what was answered is never sent anywhere.
  #saveBoth() {
    const line = ({ word, reply, at }) => (
      `${wallClock(at)} ${text(word ? "counter.signer" : "counter.clerk")}: ${word ? wordText(word) : reply}`);
    saveFile(`${this.#entries.map(line).join("\n")}\n`, "text/plain;charset=utf-8", `kslr ${localTime()}.txt`);
  }
}
