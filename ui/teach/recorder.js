// Records takes from the camera: a countdown, so many seconds, and again until enough are good.
import { countDown, onStage, recordClip } from "../shared/camera.js";
import { setWord } from "../shared/words.js";

const WANTED = 5, MOST_TRIES = 9;

export class Recorder {
  busy = false;
  #stopped = false;

  // seconds(): how long a take is.
  constructor(seconds) { this.seconds = seconds; }

  stop() { this.#stopped = true; }

  // Opens the camera on a stage and does work with its stream; throws a Problem where that can't be.
  #onStage(stage, work) {
    if (this.busy) return null;
    this.busy = true;
    this.#stopped = false;
    return onStage(stage, work).finally(() => { this.busy = false; });
  }

  // 3-2-1, then so many seconds; gives the clip, or null when it was stopped.
  async #shoot(stream, count, take) {
    const isStopped = () => this.#stopped;
    if (!await countDown(count, "teach.get_ready", { take }, 3, isStopped)) return null;
    const record = () => countDown(count, "teach.recording", {}, this.seconds(), isStopped);
    const clip = await recordClip(stream, `take${take}`, record);
    setWord(count, null);
    return isStopped() ? null : clip;
  }

  // One take.
  async once(stage) { return this.#onStage(stage, (stream, count) => this.#shoot(stream, count, 1)); }

  // Takes until five are good, or somebody stops it; with five there, one more. began(): when the camera is on.
  series(stage, takes, began) {
    const ready = takes.usable.length, goal = ready >= WANTED ? ready + 1 : WANTED;
    const most = takes.length >= WANTED ? 1 : MOST_TRIES, sent = [];
    return this.#onStage(stage, async (stream, count) => {
      began();
      for (let tries = 0; tries < most && !this.#stopped; tries++) {
        const clip = await this.#shoot(stream, count, takes.made + 1);
        if (!clip) break;
        sent.push(takes.send(clip, false));
        // While the next one is recorded this one is checked; it is waited for only when enough may be good already.
        if (takes.usable.length + takes.waiting.length >= goal) {
          await Promise.all(sent);
          if (takes.usable.length >= goal) break;
        }
      }
      await Promise.all(sent);
    });
  }
}

export const isEnough = (takes) => takes.usable.length >= WANTED || takes.length >= WANTED;
