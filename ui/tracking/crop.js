// The face crop of emotion/faces.py in the browser: from landmarks to 48×48 grey and a quality; `rules` are its
// constants.
import { hull, overlap, signedArea } from "./polygons.js";

const clip = (value) => Math.min(1, Math.max(0, value));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// face: 468 points [x, y, z]; hands: lists of 21, or null; pixels(left, top, width, height) gives the picture's RGBA.
// Gives { image: 48 × 48 bytes, quality: 0–1 }, or null where the face is too small or mostly outside the picture.
export function cropFace(face, hands, [width, height], pixels, rules) {
  const points = face.map(([x, y, z]) => [x * width, y * height, z * width]);
  const middle = [0, 1, 2].map((axis) => mean(points.map((point) => point[axis])));
  const spread = Math.sqrt(mean(points.map((p) => p.reduce((sum, v, axis) => sum + (v - middle[axis]) ** 2, 0))));
  const side = rules.side * spread, x = middle[0] - side / 2, y = middle[1] - rules.raise * spread - side / 2;
  const within = (from, most) => Math.max(0, Math.min(from + side, most) - Math.max(from, 0));
  const inside = side > 0 ? (within(x, width) * within(y, height)) / side ** 2 : 0;
  if (!(side >= rules.smallest) || inside < 0.5) return null;
  const image = cutSquare([x, y, side], [width, height], pixels, rules.size);
  const [right, left] = rules.edges.map((edge) => points[edge]);
  const yaw = Math.abs((Math.atan2(left[2] - right[2], left[0] - right[0]) * 180) / Math.PI);
  const visible = clip((75 - yaw) / 45) * (1 - hiddenShare(points, hands, [width, height], rules.oval));
  const large = clip((side - rules.smallest) / (rules.size - rules.smallest));
  const quality = visible * large * clip(sharpness(image, rules.size) / 0.25) * clip((inside - 0.5) / 0.4);
  return { image, quality };
}

function cutSquare([x, y, wanted], [width, height], pixels, size) {
  const side = Math.max(1, Math.round(wanted));
  const left = Math.round(x + (wanted - side) / 2), top = Math.round(y + (wanted - side) / 2);
  const [x0, y0] = [Math.max(0, left), Math.max(0, top)];
  const [w, h] = [Math.min(width, left + side) - x0, Math.min(height, top + side) - y0];
  const rgba = pixels(x0, y0, w, h), inside = new Uint8Array(w * h), grey = new Uint8Array(side * side);
  for (let i = 0; i < inside.length; i++) {
    inside[i] = (9798 * rgba[4 * i] + 19235 * rgba[4 * i + 1] + 3735 * rgba[4 * i + 2] + 16384) >> 15; // as OpenCV
  }
  const near = (value, most) => Math.min(most - 1, Math.max(0, value)); // outside, the picture's edge is repeated
  for (let row = 0; row < side; row++) {
    const line = near(row + top - y0, h) * w;
    for (let column = 0; column < side; column++) {
      grey[row * side + column] = inside[line + near(column + left - x0, w)];
    }
  }
  const weights = side > size ? averages(side, size) : between(side, size);
  const narrow = new Float32Array(side * size), out = new Uint8Array(size * size);
  for (let row = 0; row < side; row++) {
    weights.forEach((parts, to) => {
      for (const [from, share] of parts) narrow[row * size + to] += share * grey[row * side + from];
    });
  }
  weights.forEach((parts, to) => {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (const [from, share] of parts) sum += share * narrow[from * size + column];
      out[to * size + column] = Math.round(sum);
    }
  });
  return out;
}

// For each of `size` new pixels, the old ones it covers and their shares of it.
function averages(side, size) {
  const scale = side / size;
  return Array.from({ length: size }, (_, to) => {
    const [start, end] = [to * scale, Math.min(side, (to + 1) * scale)], parts = [];
    for (let from = Math.floor(start); from < end - 1e-9; from++) {
      parts.push([from, (Math.min(from + 1, end) - Math.max(from, start)) / (end - start)]);
    }
    return parts;
  });
}

// The same for a square that grows: the two old pixels beside each new one.
function between(side, size) {
  return Array.from({ length: size }, (_, to) => {
    const at = Math.min(side - 1, Math.max(0, ((to + 0.5) * side) / size - 0.5)), from = Math.floor(at);
    return [[from, 1 - (at - from)], [Math.min(side - 1, from + 1), at - from]];
  });
}

function sharpness(image, size) {
  const middle = mean(image), contrast = Math.sqrt(mean(Array.from(image, (value) => (value - middle) ** 2)));
  if (contrast <= 1) return 0;
  const mirrored = (at) => (at < 0 ? 1 : at === size ? size - 2 : at);
  let sum = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = (dy, dx) => image[mirrored(row + dy) * size + mirrored(column + dx)];
      sum += Math.abs(at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * at(0, 0));
    }
  }
  return sum / size ** 2 / contrast;
}

// Share of the face that hands hide: the share of its oval that their hulls fill; a third counts as all.
function hiddenShare(points, hands, [width, height], oval) {
  const outline = oval.map((point) => points[point].slice(0, 2)), area = Math.abs(signedArea(outline));
  if (!area) return 0;
  const covered = hands.filter(Boolean).map((hand) => hull(hand.map(([x, y]) => [x * width, y * height])));
  return Math.min(1, (3 * covered.reduce((sum, one) => sum + overlap(hull(outline), one), 0)) / area);
}
