// Records a camera so that a take has a moment of rest before it, although nobody knows beforehand when it begins: two
// recordings overlap, and the older one is kept when the hands rise.
import { newRecorder } from "../shared/camera.js";

const STEP = 1500; // milliseconds between two beginnings: a take has between one and two steps of rest before it

class Recording {
  constructor(stream) {
    Object.assign(this, { recorder: newRecorder(stream), parts: [] });
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.recorder.start();
  }

  stop() { if (this.recorder.state !== "inactive") this.recorder.stop(); }

  async end(name) {
    const stopped = new Promise((done) => { this.recorder.onstop = done; });
    this.stop();
    await stopped;
    const type = this.recorder.mimeType;
    return new File(this.parts, `${name}.${type.includes("mp4") ? "mp4" : "webm"}`, { type });
  }
}

export class Reel {
  #two = []; // the older recording first
  #timer = 0;

  constructor(stream) { this.stream = stream; }

  // Goes on beginning again, every step.
  roll() {
    this.cut();
    this.#two = [new Recording(this.stream)];
    this.#timer = setInterval(() => {
      if (this.#two.length > 1) this.#two.shift().stop();
      this.#two.push(new Recording(this.stream));
    }, STEP);
  }

  // A take has begun: what runs goes on.
  hold() {
    clearInterval(this.#timer);
    this.#two.splice(1).forEach((one) => one.stop());
  }

  // The take has ended; gives its file.
  async end(name) {
    const [take] = this.#two;
    this.#two = [];
    return take ? take.end(name) : null;
  }

  cut() {
    clearInterval(this.#timer);
    this.#two.forEach((one) => one.stop());
    this.#two = [];
  }
}
