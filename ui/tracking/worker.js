// Tracks a person off the page's thread: takes { start } and then { picture, seconds }; gives { ready }, then for each
// picture { seconds, packet, parts, milliseconds }, or { failed }. The picture stays in here.
// MediaPipe's loader wants a worker that is no module; modules of ours are imported as it starts.
const tracker = { found: null, last: -1, shift: 0 };
const STEP = 1 / 30; // seconds between two pictures whose own times do not grow
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;
const list = (points, values) => (points?.length ? points.map(values) : null);

// What draws for WebGL here: "gpu", or "cpu" where it only pretends to be one.
function graphics() {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw new Error("WebGL is refused");
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  return named && SOFTWARE.test(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) ? "cpu" : "gpu";
}

async function start({ programs, network, rules, reading, on }) {
  const chosen = on || graphics(), holistic = `${programs}@mediapipe/holistic/`;
  const [litert, ...ours] = await Promise.all([
    import(`${programs}@litertjs/core/dist/index.js`),
    import("./calibration.js"), import("./crop.js"), import("./packets.js"),
  ]);
  self.Module = { locateFile: (name) => `${programs}@litertjs/core/wasm/${name}` }; // else it looks beside this script
  await litert.loadLiteRt(`${programs}@litertjs/core/wasm/`);
  const model = await litert.loadAndCompile(network, { accelerator: "wasm" });
  const locateFile = (name) => holistic + name, assets = { locateFile };
  assets.onRuntimeInitialized = () => { // in a worker it asks for the older WebGL, with which it cannot compute
    const { GL } = assets, create = GL.createContext;
    GL.createContext = (canvas, wanted) => create.call(GL, canvas, { ...wanted, majorVersion: 2, minorVersion: 0 });
  };
  self.createMediapipeSolutionsPackedAssets = assets;
  self.importScripts(locateFile("holistic.js"));
  const solution = new self.Holistic({ locateFile });
  solution.setOptions({
    modelComplexity: 1, smoothLandmarks: true, enableSegmentation: false, refineFaceLandmarks: false,
    minDetectionConfidence: 0.5, minTrackingConfidence: 0.5, useCpuInference: chosen === "cpu",
  });
  solution.onResults((found) => { tracker.found = found; });
  await solution.initialize();
  // On a page the solution remembers what draws for it, in a worker it forgets to. Its file is pinned: the names stay.
  solution.h.K ??= solution.h.m.getContext("webgl2");
  Object.assign(tracker, ...ours, { litert, model, solution, rules, reading });
  tracker.canvas = new OffscreenCanvas(1, 1);
  tracker.context = tracker.canvas.getContext("2d", { willReadFrequently: true });
  // The first picture takes seconds, in which everything is built.
  await find(new ImageData(64, 64), 0);
  return { ready: true, on: chosen };
}

// The solution's time grows for ever; a camera that is started again begins at 0.
function onwards(seconds) {
  if (seconds + tracker.shift <= tracker.last) tracker.shift = tracker.last + STEP - seconds;
  tracker.last = seconds + tracker.shift;
  return tracker.last;
}

// The solution asks the clock when a picture is from, so the clock says it.
async function find(picture, seconds) {
  const at = onwards(seconds);
  tracker.found = null;
  performance.now = () => 1000 * at;
  const sent = tracker.solution.send({ image: picture });
  delete performance.now;
  await sent;
  const { poseLandmarks, faceLandmarks, leftHandLandmarks, rightHandLandmarks, image } = tracker.found || {};
  image?.close?.();
  const point = ({ x, y, z }) => [x, y, z];
  return {
    pose: list(poseLandmarks, ({ x, y, z, visibility }) => [x, y, z, visibility ?? 0]),
    face: list(faceLandmarks?.slice(0, 468), point),
    left_hand: list(leftHandLandmarks, point),
    right_hand: list(rightHandLandmarks, point),
  };
}

async function readFace(image) {
  const { litert, model, rules, reading } = tracker;
  const input = new litert.Tensor(image, [1, rules.size, rules.size]);
  const outputs = await model.run(input), odds = tracker.calibrate(outputs[0].toTypedArray(), reading);
  for (const one of [input, ...outputs]) one.delete();
  return odds;
}

async function track({ picture, seconds }) {
  const began = performance.now(), { width, height } = picture, { canvas, context } = tracker;
  const parts = await find(picture, seconds + 1); // a second after the first one
  let emotion = null;
  if (parts.face) {
    Object.assign(canvas, { width, height });
    context.drawImage(picture, 0, 0);
    const pixels = (...box) => context.getImageData(...box).data, hands = [parts.left_hand, parts.right_hand];
    const crop = tracker.cropFace(parts.face, hands, [width, height], pixels, tracker.rules);
    if (crop) emotion = { quality: crop.quality, probabilities: await readFace(crop.image) };
  }
  picture.close();
  const packet = tracker.pack({ ...parts, emotion, seconds, aspect: width / height });
  return { seconds, packet, parts, milliseconds: performance.now() - began };
}

self.onmessage = async ({ data }) => {
  try {
    const answer = await (data.start ? start(data.start) : track(data));
    self.postMessage(answer, answer.packet ? [answer.packet] : []);
  } catch (error) { self.postMessage({ failed: String(error?.message || error) }); }
};
