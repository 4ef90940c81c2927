// Convex polygons: lists of points [x, y].

const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

export function signedArea(points) {
  return points.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

// The smallest convex polygon around points, turning to the same side everywhere.
export function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list) => {
    const out = [];
    for (const point of list) {
      while (out.length > 1 && turn(out.at(-2), out.at(-1), point) <= 0) out.pop();
      out.push(point);
    }
    return out.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

// The area that two hulls share.
export function overlap(one, other) {
  let left = one;
  other.forEach((start, i) => {
    const end = other[(i + 1) % other.length], from = left;
    left = [];
    from.forEach((point, k) => {
      const next = from[(k + 1) % from.length], [a, b] = [turn(start, end, point), turn(start, end, next)];
      if (a >= 0) left.push(point);
      if (a * b < 0) left.push([0, 1].map((axis) => point[axis] + ((next[axis] - point[axis]) * a) / (a - b)));
    });
  });
  return left.length > 2 ? Math.abs(signedArea(left)) : 0;
}
