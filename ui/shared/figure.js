// A drawn figure that moves. Points are [x, y] in hundredths of the shoulder width, null where one is not seen.
import { config } from "./config.js";

export const COLOURS = { example: "#8fd0ff", own: "#ffb000", mark: "#ff6b5e" };
export const HEIGHT = 3.5, ABOVE = 1.55; // shoulder widths that a picture is high, and how many lie above the shoulders
export const REST = 0.5; // seconds at the end before it begins again
const [NOSE, EAR, OTHER_EAR, LEFT_SHOULDER, RIGHT_SHOULDER] = [0, 1, 2, 3, 4];
const [LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST] = [5, 6, 7, 8];
const BODY = [
  [LEFT_SHOULDER, RIGHT_SHOULDER], [LEFT_SHOULDER, LEFT_ELBOW], [LEFT_ELBOW, LEFT_WRIST],
  [RIGHT_SHOULDER, RIGHT_ELBOW], [RIGHT_ELBOW, RIGHT_WRIST],
];
const HANDS = [[LEFT_WRIST, 9], [RIGHT_WRIST, 30]]; // of each hand the wrist of the body, and its first own point
const KNUCKLE = 9; // of a hand's 21 points, the one in its middle

export const wantsStill = matchMedia("(prefers-reduced-motion: reduce)");

// Makes the canvas as fine as the screen and gives its size in pixels; null while it is not seen.
export function fitCanvas(canvas) {
  const box = canvas.getBoundingClientRect(), density = Math.min(2, devicePixelRatio || 1);
  if (!box.width) return null;
  const [width, height] = [box.width, box.height].map((size) => Math.round(size * density));
  Object.assign(canvas, { width, height });
  return { width, height };
}

// Where a point is on a canvas; side: −1 for a mirror's.
export function placer({ width, height }, side) {
  const unit = height / HEIGHT / 100;
  return ([x, y]) => [width / 2 + side * x * unit, height * (ABOVE / HEIGHT) - y * unit];
}

// Draws a figure; gives where its hands are, null for one that is not seen.
export function drawFigure(context, points, place, thick) {
  const line = (run, size = thick) => {
    if (run.some((point) => !point)) return;
    context.lineWidth = size;
    context.beginPath();
    run.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...place(point)));
    context.stroke();
  };
  context.lineCap = context.lineJoin = "round";
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

// One figure that moves over and over, as a mirror shows it; in the middle of its sign where movement is not wanted.
export class FigureLoop {
  #run = 0;

  constructor(canvas, look = "example") { Object.assign(this, { canvas, look }); }

  // points: (frames, points, [x, y]); seconds: how long they take.
  show({ points, seconds }) {
    const run = ++this.#run, began = performance.now(), still = wantsStill.matches;
    const step = (now) => {
      if (run !== this.#run || !this.canvas.isConnected) return;
      // The time of a frame may lie before the moment at which it was asked for.
      const share = ((Math.max(0, now - began) / 1000) % (seconds + REST)) / seconds;
      this.#draw(points[still ? points.length >> 1 : Math.min(points.length - 1, Math.floor(share * points.length))]);
      if (!still) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  stop() { this.#run++; }

  #draw(frame) {
    const size = fitCanvas(this.canvas);
    if (!size) return;
    const context = this.canvas.getContext("2d");
    context.strokeStyle = COLOURS[this.look];
    drawFigure(context, frame, placer(size, -1), Math.max(2, size.height / 130));
    this.canvas.dataset.drawn = Number(this.canvas.dataset.drawn || 0) + 1;
  }
}
