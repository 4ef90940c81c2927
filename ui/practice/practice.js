// The Practice page: an example that moves, one's own sign beside it, and both over each other.
import { onPage, openPage } from "../shared/app.js";
import { countDown, onStage, recordClip } from "../shared/camera.js";
import { make, onChosen, reportProblem, setMarkup, wait } from "../shared/dom.js";
import { wantsStill } from "../shared/figure.js";
import { Job, checkFile, sendFile } from "../shared/job.js";
import { LANGUAGES, setWord } from "../shared/words.js";
import { Player } from "./player.js";
import { GOOD, bestScore, forgetScores, keepPlace, keepScore, lastPlace } from "./progress.js";

const WARMUP = "*"; // movements for trying the page, which are in no vocabulary

class PracticePage {
  vocabularies = [];
  seconds = 2; // of the example
  recording = null;

  constructor(element, { trigger, upload, server }) {
    Object.assign(this, { upload, server, page: element.closest("#page-practice") });
    this.find = (name) => this.page.querySelector(`#practice-${name}`);
    const { find, page } = this;
    this.job = new Job(page, "practice", trigger, () => this.showResult());
    this.player = new Player(find("example"), find("player"));
    find("vocabulary").addEventListener("change", () => this.listWords());
    find("word").addEventListener("change", () => this.showExample());
    find("next").addEventListener("click", () => this.goOn());
    find("forget").addEventListener("click", () => { forgetScores(); this.showProgress(); });
    find("sign").addEventListener("click", () => reportProblem(this.job.say, () => this.record()));
    onChosen(find("file"), ([file]) => this.send(file));
    page.addEventListener("click", (event) => {
      if (!event.target.closest("[data-goto-teach]")) return;
      event.preventDefault();
      openPage("teach");
    });
    addEventListener("resize", () => this.player.draw());
    onPage((opened) => {
      if (opened === "practice") this.listVocabularies();
      else this.recording?.cancel();
    });
  }

  async listVocabularies() {
    try { this.vocabularies = await this.server.practice_words(""); } catch { return; }
    const { find, vocabularies } = this, [lastName, lastWord] = lastPlace();
    const [name, word] = [find("vocabulary").value || lastName, find("word").value || lastWord];
    find("room").hidden = false;
    find("vocabulary").replaceChildren(...vocabularies.map((one) => make("option", {
      value: one.name, selected: one.name === name, word: one.name === WARMUP ? "practice.warmup" : null,
    }, one.name === WARMUP ? null : one.name)));
    this.listWords(word);
  }

  get words() {
    return this.vocabularies.find(({ name }) => name === this.find("vocabulary").value)?.words || [];
  }

  listWords(chosen) {
    this.find("none").hidden = this.find("vocabulary").value !== WARMUP;
    this.find("word").replaceChildren(...this.words.map((word) => (
      make("option", { value: word.id, selected: word.id === chosen, texts: word }))));
    if (this.words.length) this.showExample();
    this.showProgress();
  }

  // A tick before the words that are done, and how many they are.
  showProgress() {
    const { find, words, chosen: { vocabulary } } = this, scores = words.map(({ id }) => bestScore(vocabulary, id));
    words.forEach((word, i) => {
      const mark = scores[i] >= GOOD ? "✓ " : "";
      for (const code of LANGUAGES) find("word").options[i].dataset[code] = `${mark}${word[code]}`;
    });
    const done = scores.filter((score) => score >= GOOD).length;
    setWord(find("progress"), "practice.progress", { done, n: words.length });
    find("forget").hidden = !scores.some(Boolean);
    find("next").hidden = words.length < 2;
  }

  // The next word that is not done, else the next one.
  goOn() {
    const { words, chosen: { vocabulary, word } } = this, at = words.findIndex(({ id }) => id === word);
    const later = [...words.slice(at + 1), ...words.slice(0, at)];
    this.find("word").value = (later.find(({ id }) => bestScore(vocabulary, id) < GOOD) || later[0]).id;
    this.showExample();
  }

  async showExample() {
    this.job.begin();
    const asked = this.chosen;
    keepPlace(asked);
    const failed = () => ({ problem: "video.failed" });
    const reply = await this.server.example([asked.vocabulary, asked.word]).catch(failed);
    if (asked.vocabulary !== this.chosen.vocabulary || asked.word !== this.chosen.word) return;
    if (reply.problem) { this.job.say(reply.problem, null, true); return; }
    const { seconds, points } = reply, last = Math.max(1, points.length - 1);
    this.seconds = seconds;
    this.player.show(points.map((_, i) => (i * seconds) / last), [{ points, look: "example" }]);
  }

  get chosen() { return { vocabulary: this.find("vocabulary").value, word: this.find("word").value }; }

  send(file) {
    return this.job.submit(async () => {
      const { megabytes, endings } = this.find("file").closest("label").dataset;
      checkFile(file, endings.split(","), Number(megabytes), "practice.format");
      this.job.say("video.sending");
      this.sent = this.chosen;
      return { path: await sendFile(file, this.upload), ...this.sent };
    }, "practice.comparing");
  }

  async record() {
    if (this.recording) return this.recording.finish(); // pressed again: done signing
    this.job.begin();
    const button = this.find("sign"), own = (this.recording = { cancelled: false, finish: () => {} });
    own.cancel = () => { own.cancelled = true; };
    const clip = await onStage(this.find("stage"), async (stream, count) => {
      if (!await countDown(count, "video.get_ready", {}, 3, () => own.cancelled)) return null;
      return recordClip(stream, "kslr", () => {
        setWord(button, "practice.done");
        setWord(count, "practice.now");
        const longest = 1000 * Math.min(8, Math.max(3, 1.6 * this.seconds + 1.5));
        return Promise.race([wait(longest), new Promise((done) => { own.finish = done; })]);
      });
    }).finally(() => { setWord(button, "practice.sign"); this.recording = null; });
    return clip && !own.cancelled ? this.send(clip) : undefined;
  }

  showResult() {
    const section = this.job.result.querySelector("[data-practice]");
    if (!section || section.dataset.begun) return;
    section.dataset.begun = "1";
    const { seconds, example, own, course, marks, score } = JSON.parse(section.dataset.practice);
    keepScore(this.sent.vocabulary, this.sent.word, score);
    this.showProgress();
    const both = new Player(section.querySelector("canvas"), section.querySelector(".player"));
    const seek = (moment) => { both.pause(); both.seek(Number(moment)); };
    both.show(seconds, [{ points: example, look: "example" }, { points: own, look: "own" }], marks);
    if (marks.length) seek(marks[0].seconds);
    drawCourse(section.querySelector(".course svg"), seconds, course, marks);
    section.addEventListener("click", (event) => {
      const button = event.target.closest("[data-seek]");
      if (button) seek(button.dataset.seek);
    });
    section.scrollIntoView({ block: "nearest", behavior: wantsStill.matches ? "auto" : "smooth" });
  }
}

// How far each hand is off over time: the line of the hand that is marked is the thicker one.
function drawCourse(svg, times, rows, marks) {
  const most = Math.max(1, ...rows.flat()), length = Math.max(times.at(-1) - times[0], 0.01);
  const x = (time) => ((100 * (time - times[0])) / length).toFixed(1);
  const y = (value) => (38 - (36 * value) / most).toFixed(1);
  const lines = rows.map((row, hand) => {
    const points = row.map((value, i) => `${x(times[i])},${y(value)}`).join(" ");
    return `<polyline class="${marks.some((mark) => mark.hand === hand) ? "marked" : ""}" points="${points}"/>`;
  });
  const moments = marks.map(({ seconds }) => `<line x1="${x(seconds)}" x2="${x(seconds)}" y1="0" y2="40"/>`);
  setMarkup(svg, [...lines, ...moments].join(""));
}

export function start(element, tools) { return new PracticePage(element, tools); }
