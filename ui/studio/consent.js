// What a signer reads, hears and agrees to before the first take.
import { make, messenger, reportProblem } from "../shared/dom.js";
import { language, onLanguage, setWord, text } from "../shared/words.js";
import { change } from "./requests.js";

const speech = window.speechSynthesis;

export class Consent {
  // find: an element of the page by its name; added(state): somebody has agreed.
  constructor(find, added) {
    Object.assign(this, { find, added, form: find("consent") });
    this.say = messenger(find("said"));
    this.form.addEventListener("change", (event) => { if (event.target.name === "studio-tier") this.show(); });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      reportProblem((...words) => this.tell(...words), () => this.agree());
    });
    find("aloud").addEventListener("click", () => this.read());
    onLanguage(() => { speech?.cancel(); this.showVoice(); });
    speech?.addEventListener?.("voiceschanged", () => this.showVoice());
  }

  tell(key, values, bad) { this.find("said").hidden = !key; this.say(key, values, bad); }

  get tier() { return this.form.querySelector("[name=studio-tier]:checked").value; }
  get words() { return this.state.consent[this.tier]; }
  get values() { return { licence: this.state.project.licence }; }

  open(state) {
    this.state = state;
    this.form.hidden = false;
    this.find("pseudonym").value = state.next;
    this.find("agreed").checked = false;
    this.show();
    this.find("pseudonym").focus();
  }

  close() {
    speech?.cancel();
    this.form.hidden = true;
  }

  show() {
    speech?.cancel();
    this.find("agreed").checked = false; // what was agreed to was another text
    this.find("text").replaceChildren(...this.words.map((key) => make("p", { word: [key, this.values] })));
    this.showVoice();
  }

  get voice() { return speech?.getVoices().find(({ lang }) => lang.toLowerCase().startsWith(language)); }

  showVoice() { this.find("aloud").hidden = !this.voice; }

  read() {
    if (speech.speaking) return speech.cancel();
    for (const key of this.words) {
      const said = new SpeechSynthesisUtterance(text(key, this.values));
      Object.assign(said, { voice: this.voice, lang: this.voice.lang });
      speech.speak(said);
    }
    return undefined;
  }

  async agree() {
    const agreement = {
      pseudonym: this.find("pseudonym").value.trim(), tier: this.tier, language, agreed: this.find("agreed").checked,
    };
    const state = await change({ do: "signer", agreement });
    this.close();
    setWord(this.find("said"), null);
    this.find("said").hidden = true;
    this.added(state, agreement.pseudonym);
  }
}
