// Draws the landmarks of a frame, given in thousandths of its width and height, onto a canvas.
import { config } from "./config.js";

export function drawSkeleton(context, width, height, frame) {
  const { colours } = config, thick = Math.max(height < 200 ? 1.2 : 2, height / 200);
  const at = ([x, y]) => [(x * width) / 1000, (y * height) / 1000];
  const line = (points, colour, size = thick) => {
    context.strokeStyle = colour;
    context.lineWidth = size;
    context.beginPath();
    points.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...at(point)));
    context.stroke();
  };
  const { face, pose } = frame;
  context.lineCap = context.lineJoin = "round";
  if (face) for (const run of config.face) line(run.map((i) => face[i]), colours.face, 1.5);
  if (pose) for (const [a, b] of config.pose) if (pose[a][2] && pose[b][2]) line([pose[a], pose[b]], colours.pose);
  for (const part of ["left_hand", "right_hand"]) {
    if (!frame[part]) continue;
    for (const [a, b] of config.hand) line([frame[part][a], frame[part][b]], colours[part]);
    context.fillStyle = colours[part];
    for (const point of frame[part]) {
      context.beginPath();
      context.arc(...at(point), thick + 0.5, 0, 7);
      context.fill();
    }
  }
}
