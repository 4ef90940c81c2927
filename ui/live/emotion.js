// The emotion of single frames flickers: the one that most of the last frames agree on is shown.
import { emotionChip } from "../shared/dom.js";

const FRAMES = 15;

export class SteadyEmotion {
  labels = [];

  constructor(line, box) { Object.assign(this, { line, box }); }

  show(emotion) {
    this.labels = [...this.labels.slice(1 - FRAMES), emotion ? emotion.label : undefined];
    const counts = new Map();
    for (const label of this.labels) counts.set(label, (counts.get(label) || 0) + 1);
    const [label, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
    this.line.hidden = label === undefined;
    const shown = label && n > this.labels.length / 2 ? label : null;
    if (this.box.dataset.shown === String(shown)) return;
    this.box.dataset.shown = String(shown);
    this.box.replaceChildren(emotionChip(shown));
  }
}
