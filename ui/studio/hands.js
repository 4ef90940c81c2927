// Whether the hands are up: the camera's pictures go where the Live page's go, and the points that come back tell.
import { SocketConnection } from "../live/connections.js";
import { Source } from "../live/source.js";

const UP = 0.85, DOWN = 0.95; // shoulder widths below the shoulders at which a hand counts as up, and as down
const REST = 700; // milliseconds that the hands must stay down
const ENOUGH = 6, SLOWEST = 450, PATIENCE = 10_000; // answers; milliseconds between two of them; until the first
const [LEFT_SHOULDER, RIGHT_SHOULDER] = [11, 12];

// How far below the shoulders the highest hand is, in shoulder widths; null where nobody is seen, Infinity without
// hands.
// seen: points in thousandths; aspect: width / height.
export function handDepth({ pose, left_hand: left, right_hand: right }, aspect) {
  if (!pose) return null;
  const [one, other] = [pose[LEFT_SHOULDER], pose[RIGHT_SHOULDER]];
  const width = Math.hypot((one[0] - other[0]) * aspect, one[1] - other[1]) || 1;
  const heights = [left, right].filter(Boolean).map((hand) => (hand[0][1] - (one[1] + other[1]) / 2) / width);
  return Math.min(Infinity, ...heights);
}

export class HandWatch {
  #connection = null;
  #started = 0;
  #waiting = false;
  #lowSince = 0;
  #arrivals = [];
  up = false;
  on = false;

  // changed(up): the hands have risen, or have been down for a while. lost(): they cannot be watched, or too slowly.
  constructor(video, changed, lost) { Object.assign(this, { video, changed, lost, source: new Source() }); }

  async start() {
    this.on = true;
    this.#started = performance.now();
    await this.source.start(() => this.on && this.#connect());
    if (!this.on) return;
    this.#connect();
    this.#tick();
    setTimeout(() => this.on && !this.#arrivals.length && this.lost(), PATIENCE);
  }

  #connect() {
    this.#connection?.close();
    this.#waiting = true;
    const wanted = { signs: "", strictness: "normal", tracking: this.source.tracking };
    const connection = new SocketConnection((reply) => this.#hear(reply), () => this.#closed(connection), wanted);
    this.#connection = connection;
  }

  #closed(connection) {
    if (!this.on || this.#connection !== connection) return;
    this.#connection = null;
    this.lost();
  }

  #hear(reply) {
    if (reply.error) return this.#closed(this.#connection);
    this.#waiting = false;
    if (!("signing" in reply)) return undefined;
    this.#arrivals = [...this.#arrivals.slice(1 - ENOUGH), performance.now()];
    const took = (this.#arrivals.at(-1) - this.#arrivals[0]) / (ENOUGH - 1);
    if (this.#arrivals.length === ENOUGH && took > SLOWEST) return this.lost();
    const seen = { ...reply, ...this.source.points(reply.seconds) };
    return this.#judge(handDepth(seen, this.video.videoWidth / this.video.videoHeight), reply.signing);
  }

  #judge(depth, signing) {
    const now = performance.now(), low = depth === null || depth > (this.up ? DOWN : UP);
    if (!low) this.#lowSince = 0;
    else this.#lowSince ||= now;
    if (!this.up && !low) this.#turn(true);
    else if (this.up && low && !signing && now - this.#lowSince > REST) this.#turn(false);
  }

  #turn(up) {
    this.up = up;
    this.changed(up);
  }

  #tick() {
    if (!this.on) return;
    if (this.#connection && !this.#waiting && this.source.free && this.video.videoWidth) this.#send();
    setTimeout(() => this.#tick(), 60);
  }

  async #send() {
    this.#waiting = true;
    const connection = this.#connection, seconds = (performance.now() - this.#started) / 1000;
    const message = await this.source.grab(this.video, seconds);
    if (message && connection === this.#connection) connection.send(message);
    else this.#waiting = false;
  }

  stop() {
    this.on = this.up = false;
    this.#connection?.close();
    this.#connection = null;
    this.source.tracker?.close();
  }
}
