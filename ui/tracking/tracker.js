// The page's side of tracking in the browser: a worker that is given pictures and gives packets for the server.
import { config } from "../shared/config.js";

const START_PATIENCE = 120_000, FRAME_PATIENCE = 20_000; // milliseconds
const wanted = new URLSearchParams(location.search).get("tracking"); // server, gpu or cpu, to try one
export const chosenPlace = () => (["gpu", "cpu"].includes(wanted) ? wanted : undefined);

// Whether this browser and this server can do it at all.
export const canTrack = () => Boolean(
  config.tracking && wanted !== "server" && window.Worker && window.WebAssembly && window.OffscreenCanvas
  && window.createImageBitmap);

export class BrowserTracker {
  points = new Map(); // seconds → what is drawn of that frame
  milliseconds = [];

  // Promises that pictures may come; rejects where the browser cannot. `on` is gpu or cpu, or what the browser has.
  async start(on) {
    const at = (path) => new URL(path, document.baseURI).href, { programs, network, ...rest } = config.tracking;
    this.worker = new Worker(new URL("worker.js", import.meta.url));
    const start = { ...rest, programs: at(programs), network: at(network), on };
    this.on = (await this.ask({ start }, START_PATIENCE)).on;
    return this;
  }

  ask(message, patience, transfer = []) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error("the worker does not answer")), patience);
      const settle = (work) => { clearTimeout(late); work(); };
      this.worker.onmessage = ({ data }) => settle(() => (data.failed ? fail(new Error(data.failed)) : done(data)));
      this.worker.onerror = (event) => settle(() => fail(new Error(event.message || "the worker was refused")));
      this.worker.postMessage(message, transfer);
    });
  }

  // As FrameGrabber's: copies the picture at once, and promises the bytes for the server.
  async grab(video, seconds) {
    this.busy = true;
    try {
      const picture = await createImageBitmap(video);
      const { packet, parts, milliseconds } = await this.ask({ picture, seconds }, FRAME_PATIENCE, [picture]);
      this.milliseconds = [...this.milliseconds.slice(-29), milliseconds];
      this.points.set(seconds, drawn(parts));
      return packet;
    } finally { this.busy = false; }
  }

  // What is drawn of a frame, once; those before it are forgotten.
  take(seconds) {
    const found = this.points.get(seconds);
    for (const one of this.points.keys()) if (one <= seconds) this.points.delete(one);
    return found;
  }

  close() { this.worker?.terminate(); }
}

// Landmarks as skeleton.js draws them: thousandths of width and height.
function drawn({ pose, face, left_hand: left, right_hand: right }) {
  const at = ([x, y]) => [Math.round(x * 1000), Math.round(y * 1000)];
  return {
    pose: pose && pose.slice(0, 25).map((point) => [...at(point), Number(point[3] > 0.5)]),
    face: face && config.tracking.face.map((point) => at(face[point])),
    left_hand: left && left.map(at),
    right_hand: right && right.map(at),
  };
}
