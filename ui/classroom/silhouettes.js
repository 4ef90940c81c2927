// Draws a camera picture so that it shows that somebody sits there, not who.

const ACROSS = 40, BLUR = "blur(9px)", WIDTH = 640;
const SHADES = [[24, 40, 52], [64, 104, 122], [150, 190, 200]];
const tiny = document.createElement("canvas");

// Brightness in three steps at 40 points across, then blurred.
export function drawSilhouettes(canvas, video) {
  const down = Math.max(1, Math.round((ACROSS * video.videoHeight) / video.videoWidth));
  Object.assign(tiny, { width: ACROSS, height: down });
  const small = tiny.getContext("2d", { willReadFrequently: true });
  small.drawImage(video, 0, 0, tiny.width, tiny.height);
  const pixels = small.getImageData(0, 0, tiny.width, tiny.height), { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    const level = Math.round((0.3 * data[i] + 0.59 * data[i + 1] + 0.11 * data[i + 2]) / 128);
    data.set(SHADES[level], i);
  }
  small.putImageData(pixels, 0, 0);
  Object.assign(canvas, { width: WIDTH, height: Math.round((WIDTH * tiny.height) / tiny.width) });
  const context = canvas.getContext("2d");
  Object.assign(context, { filter: BLUR, imageSmoothingEnabled: true });
  context.drawImage(tiny, 0, 0, canvas.width, canvas.height);
}
