// The Studio page: the plan of a data set, its signers, and the booth.
import { onPage } from "../shared/app.js";
import { button, make, messenger, reportProblem } from "../shared/dom.js";
import { onLanguage, setWord } from "../shared/words.js";
import { Booth } from "./booth.js";
import { Consent } from "./consent.js";
import { change, fetchState } from "./requests.js";
import { progress } from "./shown.js";

class StudioPage {
  state = null;

  constructor(element) {
    this.element = element;
    this.find = (name) => element.querySelector(`#studio-${name}`);
    const { find } = this;
    const say = messenger(find("said"));
    this.say = (key, values, bad) => { find("said").hidden = !key; say(key, values, bad); };
    this.booth = new Booth(find, () => this.refresh());
    this.consent = new Consent(find, (state, signer) => { this.show(state); this.enter(signer); });
    find("plan").addEventListener("submit", (event) => {
      event.preventDefault();
      reportProblem(this.say, () => this.plan());
    });
    find("plan").addEventListener("input", () => this.showSize());
    find("new").addEventListener("click", () => this.askConsent());
    find("back").addEventListener("click", () => this.leave());
    find("signers").addEventListener("click", ({ target }) => {
      const { enter, withdraw } = target.closest("button")?.dataset || {};
      if (enter) this.enter(enter);
      if (withdraw) this.askWithdrawal(withdraw);
    });
    onPage((page) => {
      if (page === "studio" && !this.state) this.refresh();
      else if (page !== "studio") this.booth.pause();
    });
    onLanguage(() => this.state && this.showSize());
  }

  async refresh() {
    if (this.booth.busy) return;
    await reportProblem((...words) => this.refuse(...words), async () => this.show(await fetchState()));
  }

  // Without a data set the page says how to begin one.
  refuse(key, values, bad) {
    this.find("closed").hidden = key !== "studio.closed";
    if (key !== "studio.closed") this.say(key, values, bad);
  }

  show(state) {
    const { find } = this, { project, signers } = state;
    this.state = state;
    find("plan").hidden = Boolean(project);
    find("people").hidden = !project || !find("booth").hidden;
    if (!project) return this.showSize();
    setWord(find("summary"), "studio.summary", {
      name: project.name, words: project.words.length, emotions: project.emotions.length, n: project.repetitions,
    });
    find("signers").replaceChildren(...signers.map((one) => this.signer(one)));
    return undefined;
  }

  signer({ pseudonym, tier, counts }) {
    const { project } = this.state, values = { signer: pseudonym };
    const done = counts.reduce((sum, [, , n]) => sum + Math.min(n, project.repetitions), 0);
    return make("li", {},
      make("div", {}, make("b", {}, pseudonym), " ", make("small", { word: `studio.tier_${tier}` }),
        make("div", { class: "part" }, progress(done, project.takes))),
      make("div", { class: "row" },
        button({ "data-enter": pseudonym, "word": "studio.record", "label": ["studio.record_of", values] }),
        button({
          "class": "quiet danger", "data-withdraw": pseudonym, "word": "studio.withdraw",
          "label": ["studio.withdraw_of", values],
        })));
  }

  // --- The plan
  chosen(name) {
    return [...this.find("plan").querySelectorAll(`[name=studio-${name}]:checked`)].map(({ value }) => value);
  }

  showSize() {
    const { find } = this, [kind] = this.chosen("words");
    find("pastefield").hidden = kind !== "pasted";
    const lines = new Set(find("pasted").value.split("\n").map((line) => line.trim()).filter(Boolean)).size;
    const words = { thirty: 30, twenty: 20, pasted: lines }[kind], emotions = this.chosen("emotions").length;
    const takes = words * emotions * (Number(find("repetitions").value) || 0);
    setWord(find("size"), "studio.size", { takes, minutes: Math.ceil(takes / 10) });
  }

  async plan() {
    const { find } = this;
    const text = (name) => find(name).value, number = Number(text("repetitions")), [words] = this.chosen("words");
    const plan = {
      name: text("name"), words, pasted: text("pasted"), emotions: this.chosen("emotions"), repetitions: number,
      licence: text("licence"), about: text("about"),
    };
    this.show(await change({ do: "project", plan }));
    this.say("studio.created");
    this.askConsent();
  }

  // --- Signers
  askConsent() {
    const open = this.find("consent").hidden;
    this.find("new").setAttribute("aria-expanded", open);
    if (open) this.consent.open(this.state);
    else this.consent.close();
  }

  askWithdrawal(signer) {
    const { find } = this, { counts } = this.state.signers.find(({ pseudonym }) => pseudonym === signer);
    setWord(find("suretext"), "studio.sure_withdraw", { signer, n: counts.reduce((sum, [, , n]) => sum + n, 0) });
    find("sure").hidden = false;
    find("yes").onclick = () => reportProblem(this.say, async () => {
      find("sure").hidden = true;
      const state = await change({ do: "withdraw", signer });
      this.show(state);
      this.say("studio.withdrawn", { signer, n: state.gone });
      find("new").focus();
    });
    find("no").onclick = () => {
      find("sure").hidden = true;
      find("signers").querySelector(`[data-withdraw="${signer}"]`)?.focus();
    };
    find("no").focus();
  }

  // --- The booth
  enter(signer) {
    const { find } = this;
    this.say(null);
    this.consent.close();
    find("new").setAttribute("aria-expanded", "false");
    find("sure").hidden = find("people").hidden = true;
    find("booth").hidden = false;
    this.booth.open(this.state.project, this.state.signers.find(({ pseudonym }) => pseudonym === signer));
    find("booth").focus();
  }

  leave() {
    const { find } = this;
    this.booth.pause(null);
    find("booth").hidden = true;
    find("people").hidden = false;
    this.refresh();
    find("new").focus();
  }
}

export function start(element) { return new StudioPage(element); }
