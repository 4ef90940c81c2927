// The emotion of single frames flickers: the mean of the last ones is shown as seven small bars, and the emotion that
// most of them agree on as a word. Where none is clear, the bars alone.
import { config } from "../shared/config.js";
import { emotionChip, make } from "../shared/dom.js";
import { language } from "../shared/words.js";

const FRAMES = 15, NEWEST = 0.15; // share of the newest frame in the running mean

export class SteadyEmotion {
  labels = [];

  constructor(line, box) {
    this.bars = Object.values(config.emotions).map(({ colour, names }) => {
      const bar = make("i", { style: `--tint:${colour}` });
      bar.addEventListener("pointerenter", () => { bar.title = names[language]; });
      return bar;
    });
    this.chip = make("span");
    Object.assign(this, { line, box });
    box.replaceChildren(make("span", { "class": "bars", "aria-hidden": "true" }, ...this.bars), this.chip);
  }

  show(emotion) {
    this.labels = [...this.labels.slice(1 - FRAMES), emotion ? emotion.label : undefined];
    const counts = new Map();
    for (const label of this.labels) counts.set(label, (counts.get(label) || 0) + 1);
    const [label, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
    this.line.hidden = label === undefined;
    if (emotion) this.#move(emotion.probabilities);
    const shown = label && n > this.labels.length / 2 ? label : "";
    if (this.box.dataset.shown === shown) return;
    this.box.dataset.shown = shown;
    this.chip.replaceChildren(...(shown ? [emotionChip(shown)] : []));
  }

  #move(probabilities) {
    this.mean = probabilities.map((p, i) => (this.mean ? this.mean[i] + NEWEST * (p - this.mean[i]) : p));
    this.bars.forEach((bar, i) => bar.style.setProperty("--part", this.mean[i].toFixed(3)));
  }
}
