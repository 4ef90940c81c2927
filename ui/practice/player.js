// Drawn figures that move, one or two over each other. Points are [x, y] in hundredths of the shoulder width.
import { config } from "../shared/config.js";
import { setWord } from "../shared/words.js";

const COLOURS = { example: "#8fd0ff", own: "#ffb000", mark: "#ff6b5e" };
const [NOSE, EAR, OTHER_EAR, LEFT_SHOULDER, RIGHT_SHOULDER] = [0, 1, 2, 3, 4];
const [LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST] = [5, 6, 7, 8];
const BODY = [
  [LEFT_SHOULDER, RIGHT_SHOULDER], [LEFT_SHOULDER, LEFT_ELBOW], [LEFT_ELBOW, LEFT_WRIST],
  [RIGHT_SHOULDER, RIGHT_ELBOW], [RIGHT_ELBOW, RIGHT_WRIST],
];
const HANDS = [[LEFT_WRIST, 9], [RIGHT_WRIST, 30]]; // of each hand the wrist of the body, and its first own point
const KNUCKLE = 9; // of a hand's 21 points, the one in its middle
const HEIGHT = 3.5, ABOVE = 1.55; // shoulder widths that the picture is high, and how many lie above the shoulders
const REST = 0.5; // seconds at the end before it begins again

export const wantsStill = matchMedia("(prefers-reduced-motion: reduce)");

export class Player {
  layers = []; // [{points: (frames, points, [x, y]), look}]
  times = [0]; // seconds of the frames
  marks = []; // [{hand, seconds}]: which hand deviates, and when
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
    const box = this.canvas.getBoundingClientRect(), density = Math.min(2, devicePixelRatio || 1);
    if (!box.width) return;
    const [width, height] = [box.width, box.height].map((size) => Math.round(size * density));
    Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d"), unit = height / HEIGHT / 100, side = this.mirror.checked ? -1 : 1;
    context.lineCap = context.lineJoin = "round";
    const place = ([x, y]) => [width / 2 + side * x * unit, height * (ABOVE / HEIGHT) - y * unit];
    const found = this.times.findIndex((time) => time >= this.at - 1e-6);
    const frame = found < 0 ? this.times.length - 1 : found;
    const hands = this.layers.map(({ points, look }) => {
      const behind = look === "example" && this.layers.length > 1; // the example under one's own figure: broad and pale
      context.strokeStyle = COLOURS[look];
      context.globalAlpha = behind ? 0.75 : 1;
      return drawFigure(context, points[frame], place, Math.max(2, height / 130) * (behind ? 1.9 : 1));
    });
    context.globalAlpha = 1;
    for (const { hand, seconds } of this.marks) {
      if (Math.abs(seconds - this.times[frame]) < 0.15) drawMark(context, hands[0]?.[hand], hands[1]?.[hand], height);
    }
  }
}

// Draws a figure; gives where its hands are, null for one that is not seen.
function drawFigure(context, points, place, thick) {
  const line = (run, size = thick) => {
    if (run.some((point) => !point)) return;
    context.lineWidth = size;
    context.beginPath();
    run.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...place(point)));
    context.stroke();
  };
  for (const [a, b] of BODY) line([points[a], points[b]]);
  const shoulders = [points[LEFT_SHOULDER], points[RIGHT_SHOULDER]];
  const trunk = shoulders.every(Boolean) ? shoulders : [];
  for (const [x, y] of trunk) line([[x, y], [x * 0.75, -190]], thick * 0.6);
  drawHead(context, points[NOSE], points[EAR], points[OTHER_EAR], place, thick);
  return HANDS.map(([wrist, first]) => {
    const hand = points.slice(first, first + 21), arm = points[wrist];
    if (!hand[0]) return arm && arm[1] > -150 ? place(arm) : null;
    for (const [a, b] of config.hand) line([hand[a], hand[b]], thick * 0.8);
    return place(hand[KNUCKLE]);
  });
}

function drawHead(context, nose, ear, otherEar, place, thick) {
  if (!nose) return;
  const wide = ear && otherEar ? Math.hypot(ear[0] - otherEar[0], ear[1] - otherEar[1]) * 0.62 : 32;
  const [x, y] = place([nose[0], nose[1] + 4]), [edge] = place([nose[0] + Math.min(45, Math.max(22, wide)), 0]);
  const radius = Math.abs(edge - x);
  context.lineWidth = thick;
  context.beginPath();
  context.ellipse(x, y, radius, radius * 1.25, 0, 0, 7);
  context.stroke();
}

// The hand that deviates: a ring about it, and an arrow to where the example's is.
function drawMark(context, example, own, height) {
  const at = own || example, size = height / 11;
  if (!at) return;
  context.strokeStyle = context.fillStyle = COLOURS.mark;
  context.lineWidth = Math.max(3, height / 110);
  context.beginPath();
  context.arc(...at, size, 0, 7);
  context.stroke();
  if (!own || !example) return;
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
