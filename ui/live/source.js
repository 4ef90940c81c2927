// Where a person is tracked: in this browser, which then sends numbers alone, or on the server, which is sent pictures.
// Whatever keeps the browser from it (no program, no WebGL, a refused worker, too slow) leads to the server.
import { FrameGrabber } from "../shared/camera.js";
import { setWord } from "../shared/words.js";
import { BrowserTracker, canTrack, chosenPlace } from "../tracking/tracker.js";

const SIDE = 640, SLOWEST = 250, ENOUGH = 12; // pixels, milliseconds a frame, frames

export class Source {
  tracker = null;
  grabber = new FrameGrabber(SIDE);

  // Makes the tracker where there may be one; `changed` is called when it is given up later.
  async start(changed) {
    this.changed = changed;
    if (this.tracker || this.refused || !canTrack()) return;
    await this.make(chosenPlace());
  }

  async make(place) {
    const tracker = new BrowserTracker();
    try { this.tracker = await tracker.start(place); } catch { this.giveUp(tracker); }
  }

  giveUp(tracker = this.tracker) {
    tracker?.close();
    Object.assign(this, { tracker: null, refused: true });
  }

  get tracking() { return this.tracker ? "browser" : "server"; }
  get free() { return !this.tracker?.busy && !this.making; }

  // Promises a message for the server; gives null where there is none, because the tracker broke down.
  async grab(video, seconds) {
    if (!this.tracker) return this.grabber.grab(video, seconds);
    try {
      const packet = await this.tracker.grab(video, seconds);
      if (this.isSlow()) await this.tryAnother();
      return packet;
    } catch {
      this.giveUp();
      this.changed();
      return null;
    }
  }

  isSlow() {
    const list = this.tracker.milliseconds;
    return !chosenPlace() && list.length >= ENOUGH && [...list].sort((a, b) => a - b)[list.length >> 1] > SLOWEST;
  }

  // A slow graphics card leaves the work to the processor, a slow processor to the server.
  async tryAnother() {
    const { on } = this.tracker;
    this.tracker.close();
    this.making = true;
    if (on === "gpu") await this.make("cpu");
    else this.giveUp();
    this.making = false;
    this.changed();
  }

  // Says where, beside the picture and below it.
  show(find) {
    find("where").hidden = false;
    setWord(find("where"), `live.by_${this.tracker ? this.tracker.on : "server"}`);
    setWord(find("note"), this.tracker ? "live.stays" : "live.consent");
  }

  // Where a frame's points are, when they were found here.
  points(seconds) { return this.tracker?.take(seconds); }
}
