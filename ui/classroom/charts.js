// The course of a class as two charts. The SVG has seconds across and shares (0–1) upwards. The style sheet stretches
// it and gives the colours; letters are HTML beside it, so they are never stretched.
import { clock, make, setMarkup } from "../shared/dom.js";

const LINES = ["engagement", "facing", "valence"], MOODS = ["glad", "calm", "surprised", "troubled"];
const STEPS = [10, 30, 60, 120, 300, 600, 1200, 3600, 7200], MOST_TIMES = 7; // seconds between two times on the axis
const VALENCE = [[1, "1"], [0.5, "0"], [0, "−1"]]; // heights of valence's own scale

export const isKnown = (value) => value !== null && value !== undefined;
const middle = ({ start, end }) => (start + end) / 2;
const points = (pairs) => pairs.map((pair) => pair.join()).join(" ");
const bar = (kind, { start, end }, below, height) => (
  `<rect class="${kind}" x="${start}" width="${end - start}" y="${below}" height="${height}"/>`);

// Stretches of windows without a gap in which a figure is known.
function stretches(windows, name) {
  const found = [];
  let before;
  for (const one of windows.filter((each) => isKnown(each[name]))) {
    if (!before || one.start - before.end > 1) found.push([]);
    found.at(-1).push(one);
    before = one;
  }
  return found;
}

function drawLine(name, stretch) {
  const share = (one) => (name === "valence" ? (one.valence + 1) / 2 : one[name]);
  const drawn = stretch.map((one) => [middle(one), share(one)]);
  return `<polyline class="line ${name}" points="${points(drawn.length > 1 ? drawn : [...drawn, ...drawn])}"/>`;
}

function drawMargin(stretch) {
  const clip = (share) => Math.min(1, Math.max(0, share));
  const edge = (sign) => stretch.map((one) => [middle(one), clip(one.engagement + sign * one.margin)]);
  return `<polygon class="margin" points="${points([...edge(1), ...edge(-1).reverse()])}"/>`;
}

function drawMoods(one) {
  const shares = MOODS.map((mood) => one[mood] || 0);
  const total = Math.max(1, shares.reduce((sum, share) => sum + share, 0));
  let below = 0;
  return MOODS.map((mood, i) => {
    below += shares[i] / total;
    return shares[i] ? bar(`mood ${mood}`, one, below - shares[i] / total, shares[i] / total) : "";
  }).join("");
}

function chart(kind, windows, body, shares, moments = [], scale = []) {
  const end = Math.max(10, ...windows.map((one) => one.end));
  const step = STEPS.find((one) => end / one <= MOST_TIMES) || end;
  const left = (seconds) => `left: ${(100 * Math.min(seconds, end)) / end}%`;
  const gaps = windows.filter((one) => !isKnown(one.least)).map((one) => bar("gap", one, 0, 1));
  const grid = shares.map(([share]) => `<path class="grid" d="M0 ${share}H${end}"/>`);
  const stems = moments.map(({ seconds }) => `<path class="moment" d="M${Math.min(seconds, end)} 0V1"/>`);
  const upwards = `<g transform="matrix(1 0 0 -1 0 1)">${[...gaps, ...grid, ...body, ...stems].join("")}</g>`;
  const svg = `<svg class="chart" role="img" data-word-label="classroom.${kind}" viewBox="0 0 ${end} 1"
    preserveAspectRatio="none">${upwards}</svg>`;
  const plot = setMarkup(make("div", { class: "plot" }), svg);
  plot.append(...shares.map(([share, name]) => (
    make("span", { class: "share", style: `bottom: ${100 * share}%` }, name))));
  const beside = "color: var(--tone); right: auto; left: calc(100% + 6px)"; // the second scale, at the right
  plot.append(...scale.map(([share, name]) => (
    make("span", { class: "share scale valence", style: `${beside}; bottom: ${100 * share}%` }, name))));
  for (let seconds = 0; seconds <= end; seconds += step) {
    plot.append(make("span", { class: "seconds", style: left(seconds) }, clock(seconds)));
  }
  // Numbers, in two rows, so that neighbours are readable; what they stand for is listed below.
  plot.append(...moments.map(({ seconds }, i) => (
    make("span", { class: "moment-number", style: `${left(seconds)}; top: ${i % 2 ? 24 : 2}px` }, `${i + 1}`))));
  return make("div", { class: `chart-box ${kind}` }, plot);
}

const momentItem = ({ seconds, text }) => (
  make("li", {}, make("b", {}, clock(seconds)), " ", make("span", { lang: "" }, text)));
const momentList = (moments) => moments.length > 0 && make("ol", { class: "moments" }, moments.map(momentItem));

const legend = (names, kind) => make("p", { class: "legend" }, names.map((name) => (
  make("span", { class: `key ${kind} ${name}` }, make("i"), make("span", { word: `classroom.${name}` })))));

// Engagement with its margin and facing as lines from 0 to 1, valence from −1 to 1 with its scale at the right; then
// the moods as stacked bars.
export function classCharts(windows, moments, headings = true) {
  const lines = [...stretches(windows, "engagement").map(drawMargin),
    ...LINES.flatMap((name) => stretches(windows, name).map((stretch) => drawLine(name, stretch)))];
  return [headings && make("h3", { word: "classroom.chart" }),
    chart("chart", windows, lines, [[1, "1"], [0.5, "½"], [0, "0"]], moments, VALENCE), legend(LINES, "stroke"),
    momentList(moments),
    headings && make("h3", { word: "classroom.mood" }),
    chart("mood", windows, windows.map(drawMoods), [[1, "1"], [0, "0"]]), legend(MOODS, "fill")].filter(Boolean);
}
