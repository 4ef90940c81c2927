// Takes: recordings that were sent and checked, each with a card that shows the skeleton and what is poor.
import { Problem, button, make, messenger } from "../shared/dom.js";
import { FigureLoop } from "../shared/figure.js";
import { drawSkeleton } from "../shared/skeleton.js";
import { language } from "../shared/words.js";
import { SESSION, address, requestWithFile, requestWithJson } from "./requests.js";

const DOWNLOADS = [["npz", true], ["pose", true], ["npz", false], ["pose", false]]; // format, with the face
const STEP = 90; // milliseconds a frame of the moving skeleton

// A skeleton that moves for as long as its canvas is on the page.
function play(canvas, frames) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches, context = canvas.getContext("2d");
  let n = still ? Math.floor(frames.length / 2) : 0;
  const step = () => {
    if (!canvas.isConnected) return;
    context.fillStyle = "#101418";
    context.fillRect(0, 0, canvas.width, canvas.height);
    drawSkeleton(context, canvas.width, canvas.height, frames[n++ % frames.length]);
    if (!still) setTimeout(step, STEP);
  };
  requestAnimationFrame(step);
}

function verdict({ problem, check }) {
  if (problem) return make("span", { class: "bad", word: [problem.key, problem.values] });
  if (!check) return make("span", { word: "teach.checking" });
  if (check.same) return make("span", { class: "bad", word: "teach.same" });
  if (check.problems.length) return make("span", { class: "bad", word: `take.${check.problems[0]}` });
  const seconds = { s: check.seconds.toFixed(1) };
  return make("span", { class: "good" }, make("span", { "aria-hidden": "true" }, "✓"), " ",
    make("span", { word: ["teach.good", seconds] }));
}

function downloadLink(take, kind, face) {
  const href = address("recording", { session: SESSION, take, kind, face });
  return make("a", { class: "quiet", href, download: true }, `.${kind}`,
    !face && ["\u00a0", make("small", { word: "teach.without_face" })]);
}

// The word that a take would be read as, and both signs side by side.
function conflictElements({ figures, ...names }) {
  const canvas = (n, look, caption) => make("figure", {},
    make("canvas", { "data-figure": n, "data-look": look, "aria-hidden": "true" }), make("figcaption", caption));
  return [make("p", { class: "conflict", word: ["teach.conflict", { word: names[language] }] }),
    figures.length > 1 && make("div", { class: "pair" }, canvas(0, "own", { word: "teach.this_take" }),
      canvas(1, "example", { texts: names }))];
}

export class Takes {
  #takes = []; // {n, file, element, check: the server's answer, problem, use}
  made = 0;

  recording = false;

  // find: an element of the page by its name; about(): the vocabulary and the word's id that takes are for.
  constructor(find, about = () => ({})) { Object.assign(this, { find, about, say: messenger(find("note")) }); }

  get list() { return [...this.#takes]; }

  get length() { return this.#takes.length; }
  get usable() { return this.#takes.filter((take) => take.use); }
  get chosen() { return this.usable.map(({ check }) => check.take); }
  get waiting() { return this.#takes.filter((take) => !take.check && !take.problem); }

  // Says how far the checks are.
  update() {
    const ready = this.usable.length, waiting = this.waiting.length;
    this.find("go").hidden = !ready;
    if (waiting) this.say("teach.watching", { n: waiting });
    else if (!this.recording && this.length) this.say(ready ? "teach.ready" : "teach.none_good", { n: ready }, !ready);
    this.onChange?.();
  }

  // Sends a recording; a clip that somebody chose is taken as it is. word: that it is of, where several are recorded.
  async send(file, chosen, word = null) {
    const take = { n: ++this.made, file: chosen ? file.name : "", element: make("li"), use: false, word: word?.id };
    this.#takes.push(take);
    this.find("takes").append(take.element);
    this.#show(take);
    try {
      const about = this.about(), query = { session: SESSION, name: file.name, trimmed: chosen };
      Object.assign(query, { vocabulary: about.vocabulary || "", word: take.word || about.word || "" });
      take.check = await requestWithFile("take", query, file);
      take.use = take.check.usable && !take.check.same && (chosen || !take.check.problems.length);
    } catch (problem) { if (!(problem instanceof Problem)) throw problem; take.problem = problem; }
    if (this.#takes.includes(take)) this.#show(take);
  }

  drop(takes = this.#takes) {
    const keys = takes.map((take) => take.check?.take).filter(Boolean);
    this.#takes = this.#takes.filter((take) => !takes.includes(take));
    takes.forEach((take) => take.element.remove());
    if (keys.length) requestWithJson("change", { do: "drop", session: SESSION, takes: keys }).catch(() => {});
    if (!this.length) { this.made = 0; this.say(null); }
    this.update();
  }

  #show(take) {
    const { check, problem, element, n, file } = take;
    const canvas = make("canvas", { "width": 144, "height": 108, "aria-hidden": "true" });
    element.className = problem || check?.same || check?.problems.length ? "poor" : check ? "fine" : "";
    const drop = button({ "data-drop": true, "label": "teach.drop" }, "✕");
    drop.addEventListener("click", () => this.drop([take]));
    element.replaceChildren(canvas, make("div", {},
      make("p", {}, make("b", { word: ["teach.take_n", { n }] }), " ", file && make("small", {}, file)),
      make("p", {}, verdict(take)), check?.conflict && conflictElements(check.conflict),
      check?.usable && this.#tools(take)), drop);
    for (const pair of element.querySelectorAll("canvas[data-figure]")) {
      new FigureLoop(pair, pair.dataset.look).show(check.conflict.figures[pair.dataset.figure]);
    }
    if (check?.frames.length) {
      canvas.height = Math.min(144, Math.round(canvas.width / check.aspect));
      play(canvas, check.frames);
    }
    this.update();
  }

  #tools(take) {
    const box = make("input", { "type": "checkbox", "data-use": true, "checked": take.use });
    box.addEventListener("change", () => { take.use = box.checked; this.update(); });
    return [make("p", { class: "tools" }, make("label", { class: "switch" }, box, make("span", { word: "teach.use" }))),
      make("details", {}, make("summary", { word: "teach.landmarks" }),
        make("p", { class: "tools" }, DOWNLOADS.map(([kind, face]) => downloadLink(take.check.take, kind, face))))];
  }
}
