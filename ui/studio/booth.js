// The booth: a word and an affect are asked, the hands begin and end the take, it is sent and checked while the next
// one is recorded, and kept or asked again.
import { countDown, onStage } from "../shared/camera.js";
import { Problem, emotionChip, make, messenger } from "../shared/dom.js";
import { setWord } from "../shared/words.js";
import { HandWatch } from "./hands.js";
import { cell, missingPrompts } from "./prompts.js";
import { Reel } from "./reel.js";
import { change, sendTake } from "./requests.js";
import { listTake, progress, tellTake } from "./shown.js";

const MOST_WAITING = 3; // takes that are being checked
const LONGEST = 9000; // milliseconds of a take
const TIMED = 4; // seconds of a take that is begun by a countdown
const BREAK_AFTER = 20; // takes

export class Booth {
  #pending = 0;
  #since = 0; // takes since the last break
  #timer = 0;
  #end = null; // ends the recording that goes on
  #turns = 0; // changes of the state, by which what waits knows that its time is over
  timed = false; // whether takes begin by a countdown, because hands cannot be watched
  state = "off"; // off, ready, signing, waiting

  // find: an element of the page by its name; changed(state): the data set is another now.
  constructor(find, changed) {
    Object.assign(this, { find, changed, say: messenger(find("doing")) });
    this.stage = find("stage");
    const press = (name, work) => find(name).addEventListener("click", () => work());
    press("go", () => (this.#end ? this.pause() : this.start()));
    press("skip", () => this.skip());
    press("undo", () => this.undo());
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeunload", (event) => { if (this.#pending) event.preventDefault(); });
  }

  get busy() { return this.#pending > 0; }

  // project and signer: as the server has them.
  open(project, signer) {
    Object.assign(this, { project, signer, last: signer.last });
    this.counts = new Map(signer.counts.map(([sign, emotion, n]) => [cell(sign, emotion), n]));
    this.queue = missingPrompts(project, this.counts);
    this.find("takes").replaceChildren();
    setWord(this.find("who"), "studio.booth_of", { signer: signer.pseudonym });
    setWord(this.find("go"), "studio.go");
    this.say(this.queue.length ? null : "studio.finished");
    this.show();
  }

  async start() {
    if (!this.queue.length) return;
    setWord(this.find("go"), "studio.pause");
    this.find("go").setAttribute("aria-pressed", "true");
    this.find("booth").focus(); // so that the space bar is for takes and not for the button
    try {
      await onStage(this.stage, async (stream) => {
        this.reel = new Reel(stream);
        this.timed = false;
        const video = this.stage.querySelector("video");
        this.watch = new HandWatch(video, (up) => this.hands(up), () => this.goByTime());
        const ended = new Promise((done) => { this.#end = done; });
        this.#since = 0;
        this.watch.start();
        this.next();
        await ended;
      });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.say(problem.key, problem.values, true);
    } finally { this.#close(); }
  }

  #close() {
    clearTimeout(this.#timer);
    this.watch?.stop();
    this.reel?.cut();
    this.#end = null;
    this.#turn("off");
    setWord(this.find("go"), "studio.go");
    this.find("go").setAttribute("aria-pressed", "false");
    this.show();
  }

  pause(word = "studio.paused") {
    if (!this.#end) return;
    this.say(word);
    this.#end();
  }

  #turn(state) {
    this.state = state;
    this.#turns++;
    this.stage.dataset.state = state;
    this.find("skip").disabled = state !== "ready";
  }

  // The next prompt, as soon as it may come.
  next() {
    if (!this.#end) return;
    if (!this.queue.length && !this.#pending) return void this.pause("studio.finished");
    if (this.#since >= BREAK_AFTER) return void this.pause("studio.break");
    if (!this.queue.length || this.#pending >= MOST_WAITING) {
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
    const isReady = await countDown(count, "studio.count", {}, 3, during(this.#turns));
    if (isReady) {
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
    this.#timer = setTimeout(() => {
      this.next();
      this.say("take.long", {}, true);
    }, LONGEST);
  }

  async finish() {
    clearTimeout(this.#timer);
    const prompt = this.queue.shift();
    this.#turn("waiting");
    const clip = await this.reel.end("take");
    if (clip) this.#send(prompt, clip);
    else this.queue.unshift(prompt);
    this.next();
  }

  async #send(prompt, clip) {
    const { signer: { pseudonym }, counts } = this, key = cell(prompt.sign, prompt.emotion);
    const item = listTake(this.find("takes"), this.#word(prompt.sign), prompt.emotion);
    this.#pending++;
    this.#since++;
    counts.set(key, (counts.get(key) || 0) + 1);
    this.show();
    try {
      const found = await sendTake({ signer: pseudonym, sign: prompt.sign, emotion: prompt.emotion }, clip);
      if (found.take) {
        this.last = found.take;
        tellTake(item, "fine", "studio.kept");
      } else this.#again(prompt, item, `take.${found.problems[0]}`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#again(prompt, item, problem.key, problem.values);
    }
    this.#pending--;
    this.show();
    if (this.state === "waiting") this.next();
    if (!this.#pending && !this.#end) this.changed();
  }

  // A take that was not kept is asked again, not at once.
  #again(prompt, item, word, values) {
    const key = cell(prompt.sign, prompt.emotion);
    this.counts.set(key, this.counts.get(key) - 1);
    this.queue.splice(Math.min(2, this.queue.length), 0, prompt);
    tellTake(item, "poor", word, values);
  }

  #word(sign) { return this.project.words.find(({ id }) => id === sign) || { kk: sign, ru: sign, en: sign }; }

  skip() {
    if (this.state !== "ready") return;
    this.queue.push(this.queue.shift());
    this.show();
  }

  async undo() {
    const { last } = this;
    if (!last || this.#pending) return;
    this.find("undo").disabled = true;
    try {
      await change({ do: "undo", take: last.take });
      this.last = null;
      const key = cell(last.sign, last.emotion);
      this.counts.set(key, Math.max(0, (this.counts.get(key) || 0) - 1));
      this.queue.unshift({ ...last, round: this.counts.get(key) });
      this.say("studio.undone");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.say(problem.key, problem.values, true);
    }
    this.show();
    if (!this.#end) this.changed();
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
    const [prompt] = this.queue, { find, project: { words, emotions, repetitions, takes } } = this;
    const kept = words.flatMap(({ id }) => emotions.map((one) => this.counts.get(cell(id, one)) || 0));
    const done = kept.reduce((sum, n) => sum + Math.min(n, repetitions), 0) - this.#pending;
    find("prompt").replaceChildren(...(prompt ? [
      make("p", { class: "big", texts: this.#word(prompt.sign) }),
      make("p", { class: "side" }, emotionChip(prompt.emotion),
        make("span", { class: "sure", word: ["studio.round", { n: prompt.round + 1, all: repetitions }] })),
    ] : [make("p", { class: "waiting", word: "studio.nothing_left" })]));
    find("part").replaceChildren(...progress(Math.max(0, done), takes));
    find("undo").disabled = !this.last || this.#pending > 0;
    find("go").disabled = !prompt && !this.#end;
  }
}
