// Drawn figures that move, one or two over each other. Points are [x, y] in hundredths of the shoulder width.
import { COLOURS, REST, drawFigure, fitCanvas, placer, wantsStill } from "../shared/figure.js";
import { setWord } from "../shared/words.js";

const AWAY = ["higher", "lower", "left", "right"]; // deviations of place; the others have no direction

export class Player {
  layers = []; // [{points: (frames, points, [x, y]), look}]
  times = [0]; // seconds of the frames
  marks = []; // [{hand, seconds, kind}]: which hand deviates, when, and how
  playing = false;

  constructor(canvas, controls) {
    const find = (name) => controls.querySelector(`[data-${name}]`);
    Object.assign(this, { canvas, button: find("play"), speed: find("speed") });
    Object.assign(this, { mirror: find("mirror"), range: find("seek-range") });
    this.button.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.mirror.addEventListener("change", () => this.draw());
    this.range.addEventListener("input", () => {
      this.pause();
      this.seek(this.times[0] + (this.range.value / 100) * this.length);
    });
  }

  get length() { return Math.max(this.times.at(-1) - this.times[0], 0.01); }

  show(times, layers, marks = []) {
    Object.assign(this, { times, layers, marks });
    this.seek(times[0]);
    if (wantsStill.matches) this.pause();
    else this.play();
  }

  play() {
    setWord(this.button, "practice.pause");
    if (this.playing) return;
    this.playing = true;
    this.last = performance.now();
    requestAnimationFrame((now) => this.tick(now));
  }

  pause() { this.playing = false; setWord(this.button, "practice.play"); }

  tick(now) {
    if (!this.canvas.isConnected) this.playing = false;
    if (!this.playing) return;
    if (this.canvas.offsetParent) { // not while another page is shown
      const next = this.at + ((now - this.last) / 1000) * Number(this.speed.value);
      this.seek(next > this.times[0] + this.length + REST ? this.times[0] : next);
    }
    this.last = now;
    requestAnimationFrame((later) => this.tick(later));
  }

  seek(seconds) {
    this.at = seconds;
    this.range.value = Math.min(100, (100 * (seconds - this.times[0])) / this.length);
    this.canvas.dataset.seconds = Math.min(seconds, this.times[0] + this.length).toFixed(2);
    this.draw();
  }

  draw() {
    const size = fitCanvas(this.canvas);
    if (!size) return;
    const { height } = size, context = this.canvas.getContext("2d"), place = placer(size, this.mirror.checked ? -1 : 1);
    const found = this.times.findIndex((time) => time >= this.at - 1e-6);
    const frame = found < 0 ? this.times.length - 1 : found;
    const hands = this.layers.map(({ points, look }) => {
      const behind = look === "example" && this.layers.length > 1; // the example under one's own figure: broad and pale
      context.strokeStyle = COLOURS[look];
      context.globalAlpha = behind ? 0.75 : 1;
      return drawFigure(context, points[frame], place, Math.max(2, height / 130) * (behind ? 1.9 : 1));
    });
    context.globalAlpha = 1;
    for (const { hand, seconds, kind } of this.marks) {
      if (Math.abs(seconds - this.times[frame]) >= 0.15) continue;
      drawMark(context, hands[0]?.[hand], hands[1]?.[hand], height, AWAY.includes(kind));
      this.canvas.dataset.mark = kind;
    }
  }
}

// The hand that deviates: a ring about it; where it is in another place, also an arrow to where the example's is.
function drawMark(context, example, own, height, away) {
  const at = own || example, size = height / 11;
  if (!at) return;
  context.strokeStyle = context.fillStyle = COLOURS.mark;
  context.lineWidth = Math.max(3, height / 110);
  context.beginPath();
  context.arc(...at, size, 0, 7);
  context.stroke();
  if (!away || !own || !example) return;
  const [dx, dy] = [example[0] - own[0], example[1] - own[1]], far = Math.hypot(dx, dy);
  if (far < size * 0.5) return;
  const [x, y] = [(dx / far) * size * 0.35, (dy / far) * size * 0.35];
  context.beginPath();
  context.moveTo(...own);
  context.lineTo(...example);
  context.stroke();
  context.beginPath();
  context.moveTo(...example);
  context.lineTo(example[0] - x - y * 0.6, example[1] - y + x * 0.6);
  context.lineTo(example[0] - x + y * 0.6, example[1] - y - x * 0.6);
  context.fill();
}
