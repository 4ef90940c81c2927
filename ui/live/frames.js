// The pictures that were sent and wait for their answer, so that the lines of an answer are drawn on its own picture.

const MOST = 4; // pictures that may wait

export class SentFrames {
  #free = [];
  #kept = []; // {seconds, canvas}

  keep(seconds, video) {
    const oldest = this.#kept.length >= MOST ? this.#kept.shift().canvas : null;
    const canvas = oldest || this.#free.pop() || document.createElement("canvas");
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    this.#kept.push({ seconds, canvas });
  }

  // The picture of this time, or null; older ones are let go.
  take(seconds) {
    const found = this.#kept.find((one) => one.seconds === seconds);
    if (!found) return null;
    for (const one of this.#kept) if (one.seconds < seconds) this.#free.push(one.canvas);
    this.#kept = this.#kept.filter((one) => one.seconds > seconds);
    if (this.shown) this.#free.push(this.shown);
    return (this.shown = found.canvas);
  }

  clear() { Object.assign(this, { shown: null }); this.#free = []; this.#kept = []; }
}
