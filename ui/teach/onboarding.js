// Ten words in five minutes, without a hand for the mouse: a word is shown, raised hands begin a take, lowered ones end
// it, it is checked while the next one is recorded, and a word with enough good takes is learnt at once.
import { countDown, onStage } from "../shared/camera.js";
import { Problem, button, make, messenger, reportProblem } from "../shared/dom.js";
import { setWord } from "../shared/words.js";
import { HandWatch } from "../studio/hands.js";
import { Reel } from "../studio/reel.js";
import { request } from "./requests.js";
import { Takes } from "./takes.js";

const WORDS = 10, MOST_TRIES = 8, LONGEST = 9000, TIMED = 3; // of a word; milliseconds of a take; seconds of one

export class Onboarding {
  #end = null; // ends the recording that goes on
  #timer = 0;
  #turns = 0; // changes of the state, by which what waits knows that its time is over
  words = []; // the thirty, those without recordings first
  chosen = new Set(); // ids
  state = "off"; // off, ready, signing, waiting

  // page: {find, vocabulary, ensure(): makes a vocabulary where none is chosen, learn(word, takes): has it learnt,
  // known(): words that it has, open(): the vocabulary on the Live page}.
  constructor(element, page) {
    Object.assign(this, { page, find: (name) => element.querySelector(`#ten-${name}`) });
    const { find } = this, press = (name, work) => find(name).addEventListener("click", () => work());
    this.stage = find("stage");
    this.say = messenger(find("doing"));
    this.takes = new Takes(find, () => ({ vocabulary: page.vocabulary(), word: this.word?.id }));
    press("start", () => (this.#end ? this.#end() : this.start()));
    press("skip", () => this.skip());
    press("undo", () => this.undo());
    press("live", () => page.open());
    document.addEventListener("keydown", (event) => this.key(event));
    find("box").addEventListener("toggle", () => { if (find("box").open) this.list(); });
  }

  get running() { return Boolean(this.#end); }
  get wanted() { return Number(this.find("each").value); }
  get word() { return this.queue?.[0]; }

  async list() {
    if (!this.words.length) this.words = await request("thirty");
    const known = new Set(this.page.known()), left = this.words.filter(({ id }) => !known.has(id));
    if (!this.chosen.size) this.chosen = new Set(left.slice(0, WORDS).map(({ id }) => id));
    this.find("words").replaceChildren(...left.map((word) => {
      const attributes = { "data-pick": word.id, "aria-pressed": `${this.chosen.has(word.id)}` };
      const one = button(attributes, make("span", { texts: word }));
      one.addEventListener("click", () => this.pick(word.id, one));
      return make("li", { class: word.untrained ? "waiting" : "" }, one);
    }));
    this.show();
  }

  pick(id, pressed) {
    if (this.chosen.has(id)) this.chosen.delete(id);
    else this.chosen.add(id);
    pressed.setAttribute("aria-pressed", this.chosen.has(id));
    this.show();
  }

  // --- The recording
  start() {
    return reportProblem(this.say, async () => {
      this.queue = this.words.filter(({ id }) => this.chosen.has(id) && !this.page.known().includes(id));
      if (!this.queue.length) throw new Problem("teach.ten_none");
      await this.page.ensure();
      Object.assign(this, { total: this.queue.length, learnt: 0, timed: false, tries: new Map() });
      this.began = performance.now();
      setWord(this.find("start"), "teach.stop");
      try {
        await onStage(this.stage, async (stream) => {
          this.reel = new Reel(stream);
          const video = this.stage.querySelector("video");
          this.watch = new HandWatch(video, (up) => this.hands(up), () => this.goByTime());
          const ended = new Promise((done) => { this.#end = done; });
          this.watch.start();
          this.next();
          await ended;
        });
      } finally { this.#close(); }
    });
  }

  #close() {
    clearTimeout(this.#timer);
    this.watch?.stop();
    this.reel?.cut();
    this.#end = null;
    this.#turn("off");
    this.stage.hidden = true;
    setWord(this.find("start"), "teach.ten_start");
    this.queue = null;
    this.list();
  }

  stop() { this.#end?.(); }

  #turn(state) {
    this.state = state;
    this.#turns++;
    this.stage.dataset.state = state;
  }

  of(word) { return this.takes.list.filter((take) => take.word === word.id); }

  // What is still to be recorded of a word: takes that are being checked may be good.
  missing(word) {
    return this.wanted - this.of(word).filter((take) => take.use || (!take.check && !take.problem)).length;
  }

  next() {
    if (!this.#end) return;
    // A word that has enough for now goes to the end: it comes again if a take turns out to be poor.
    for (let n = 0; n < this.queue.length && this.missing(this.word) <= 0; n++) this.queue.push(this.queue.shift());
    if (!this.queue.length) return void this.finishAll();
    if (this.missing(this.word) <= 0) {
      this.#turn("waiting");
      this.say("studio.wait");
      return;
    }
    this.#turn("ready");
    this.reel.roll();
    this.show();
    if (this.timed) this.#count();
    else this.say(this.watch.up ? "studio.lower" : "studio.raise");
  }

  finishAll() {
    const seconds = Math.round((performance.now() - this.began) / 1000), n = this.learnt;
    this.find("live").hidden = !n;
    this.find("box").dataset.seconds = seconds;
    this.#end();
    this.say("teach.ten_done", { n, seconds });
  }

  // Where hands cannot be watched, or too slowly, a countdown begins and ends the takes.
  goByTime() {
    if (this.timed || !this.#end) return;
    this.timed = true;
    this.watch.stop();
    if (this.state === "ready") this.#count();
    else if (this.state === "signing") this.finish();
  }

  async #count() {
    const count = this.stage.querySelector(".count"), during = (turn) => () => this.#turns !== turn;
    this.say("studio.timed");
    if (await countDown(count, "studio.count", {}, 3, during(this.#turns))) {
      this.begin();
      if (await countDown(count, "teach.recording", {}, TIMED, during(this.#turns))) this.finish();
    }
    setWord(count, null);
  }

  hands(up) {
    if (this.state === "ready" && up) this.begin();
    else if (this.state === "ready") this.say("studio.raise");
    else if (this.state === "signing" && !up) this.finish();
  }

  begin() {
    this.reel.hold();
    this.#turn("signing");
    this.say("studio.signing");
    this.#timer = setTimeout(() => { this.next(); this.say("take.long", {}, true); }, LONGEST);
  }

  async finish() {
    clearTimeout(this.#timer);
    const { word } = this;
    this.#turn("waiting");
    const clip = await this.reel.end("take");
    if (clip) this.#send(word, clip);
    this.next();
  }

  async #send(word, clip) {
    this.tries.set(word.id, (this.tries.get(word.id) || 0) + 1);
    await this.takes.send(clip, false, word);
    await reportProblem(this.say, () => this.#learn(word));
    this.show();
    if (this.state === "waiting") this.next();
  }

  // A word is learnt as soon as it has enough good takes; after too many tries it is left out.
  async #learn(word) {
    const good = this.of(word).filter((take) => take.use);
    const isOver = this.tries.get(word.id) >= MOST_TRIES && !this.of(word).some((take) => !take.check && !take.problem);
    if (!this.queue?.includes(word) || (good.length < this.wanted && !isOver)) return;
    this.queue = this.queue.filter((one) => one !== word);
    if (!good.length) return;
    await this.page.learn(word, good.map(({ check }) => check.take));
    this.takes.drop(this.of(word));
    this.learnt++;
  }

  skip() {
    if (this.state !== "ready") return;
    this.queue.push(this.queue.shift());
    this.next();
  }

  // Takes back the last take that is not learnt yet.
  undo() {
    const last = this.takes.list.at(-1);
    if (!last || this.state === "signing") return;
    this.takes.drop([last]);
    this.say("teach.ten_undone");
    this.next();
  }

  // A key or a pedal begins and ends a take where hands are not seen well enough for it.
  key(event) {
    if (![" ", "PageDown"].includes(event.key) || event.repeat || !this.#end) return;
    if (event.key === " " && event.target.closest("button, a, input, select, textarea, summary")) return;
    event.preventDefault();
    if (this.state === "ready") this.begin();
    else if (this.state === "signing") this.finish();
  }

  show() {
    const { find, word, total, learnt, wanted: all } = this;
    find("prompt").replaceChildren(...(word && this.#end ? [make("p", { class: "big", texts: word }),
      make("p", { class: "side", word: ["teach.ten_take", { n: all - this.missing(word) + 1, all }] }),
    ] : []));
    for (const name of ["skip", "undo"]) find(name).hidden = !this.#end;
    find("undo").disabled = !this.takes.length;
    find("start").disabled = !this.#end && !this.chosen.size;
    find("chosen").hidden = this.running;
    if (this.#end) setWord(find("progress"), "teach.ten_progress", { n: learnt, all: total });
    else setWord(find("progress"), "teach.ten_chosen", { n: this.chosen.size });
  }
}
