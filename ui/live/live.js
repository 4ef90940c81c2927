// The Live page: camera pictures to the server, points and words back, drawn over the camera's own picture.
import { startSides } from "../counter/start.js";
import { onPage } from "../shared/app.js";
import { closeCamera, listCameras, openCameraById } from "../shared/camera.js";
import { reportProblem, wait } from "../shared/dom.js";
import { drawSkeleton } from "../shared/skeleton.js";
import { chosenStrictness, chosenVocabulary, isDictionary, startVocabulary } from "../shared/vocabulary.js";
import { setWord } from "../shared/words.js";
import { canTrack } from "../tracking/tracker.js";
import { PostConnection, SocketConnection } from "./connections.js";
import { SteadyEmotion } from "./emotion.js";
import { FoundList } from "./found.js";
import { SentFrames } from "./frames.js";
import { Guess } from "./guess.js";
import { Source } from "./source.js";
import { Transcript } from "./transcript.js";

const MOST_IN_FLIGHT = 2, RETRIES = 5;
const ERRORS = { full: "live.full", vocabulary: "live.vocabulary_failed" };
const OFF = ["speed", "where", "face", "calm", "top5"]; // hidden while the camera is off
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] || 0;

class LivePage {
  on = false;
  ready = false; // whether the server takes pictures
  byPost = false;
  inFlight = []; // pictures without an answer
  delays = [];
  arrivals = [];
  turn = Promise.resolve();
  source = new Source();
  frames = new SentFrames();

  constructor(element) {
    this.find = (name) => element.querySelector(`#live-${name}`);
    [this.video, this.canvas, this.stage] = ["video", "canvas", "stage"].map(this.find);
    [this.transcript, this.found] = [new Transcript(element), new FoundList(element)];
    this.guess = new Guess(this.find("guess"), this.find("top5"));
    this.emotion = new SteadyEmotion(this.find("face"), this.find("emotion"));
    if (canTrack()) setWord(this.find("note"), "live.may_stay");
    const on = (name, event, work) => this.find(name).addEventListener(event, work);
    on("start", "click", () => (this.on ? this.stop() : this.start()));
    on("calm", "click", () => this.askCalm());
    on("camera", "change", () => { this.stop(); this.start(); });
    on("mirror", "change", (event) => this.stage.classList.toggle("mirrored", event.target.checked));
    for (const name of ["skeleton", "private"]) on(name, "change", () => this.draw());
    const vocabulary = element.querySelector("[data-vocabulary]");
    const strictness = element.querySelector("[data-strictness]");
    const change = () => this.useVocabulary(vocabulary.value);
    for (const one of [vocabulary, strictness]) one.addEventListener("change", change);
    onPage((page) => { if (page !== "live" && this.on) this.stop(); });
    addEventListener("pagehide", () => this.connection?.close());
    document.addEventListener("visibilitychange", () => this.rest(document.hidden));
  }

  status(key, values) { setWord(this.find("status"), key, values); }
  hint(name) { setWord(this.find("hint"), name && `hint.${name}`); }

  async start() {
    this.status("live.connecting");
    const open = () => openCameraById(this.video, this.find("camera").value);
    const stream = await reportProblem((key) => this.status(key), open);
    if (!stream) return;
    stream.getVideoTracks()[0].onended = () => this.stop("live.lost");
    this.stage.style.aspectRatio = `${this.video.videoWidth} / ${this.video.videoHeight}`;
    Object.assign(this, { on: true, tries: 0, started: performance.now() });
    this.guess.begin();
    this.signs = chosenVocabulary("live");
    this.found.show(isDictionary("live"));
    this.strictness = chosenStrictness();
    this.find("calm").hidden = false;
    this.setCalm(false);
    this.stage.classList.add("on");
    setWord(this.find("start"), "live.stop");
    listCameras(this.find("camera"), stream);
    if (canTrack()) this.status("live.loading");
    await this.source.start(() => this.useOtherPlace());
    if (!this.on || this.video.srcObject !== stream) return; // stopped meanwhile
    this.source.show(this.find);
    this.connect();
    this.tick();
  }

  // The browser has given up, or goes on in another way: on the server that is another session.
  useOtherPlace() {
    if (this.on) this.source.show(this.find);
    if (!this.on || this.source.tracking === "browser") return;
    this.connection?.close();
    this.statusForAWhile("live.fell_back");
    this.connect();
  }

  // reason: what the status line says then.
  stop(reason = "live.off", values = undefined) {
    this.on = this.resting = false;
    this.hangUp();
    closeCamera(this.video);
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.stage.classList.remove("on");
    this.hint(null);
    this.guess.show(null, false, false);
    this.frames.clear();
    for (const name of OFF) this.find(name).hidden = true;
    setWord(this.find("start"), "live.start");
    this.status(reason, values);
  }

  // A tab in the background gets no pictures: its sign ends, its place is free, and it goes on when it is seen again.
  rest(hidden) {
    if (!this.on || hidden === Boolean(this.resting) || (hidden && !this.connection)) return;
    this.resting = hidden;
    if (hidden) return void this.hangUp();
    this.setCalm(false);
    this.connect();
    this.statusForAWhile("live.rested");
  }

  hangUp() {
    const { connection } = this;
    Object.assign(this, { ready: false, connection: null });
    connection?.end();
    setTimeout(() => connection?.close(), 400); // its last words are still to come
  }

  connect() {
    Object.assign(this, { ready: false, inFlight: [] });
    let opened = false, connection = null;
    const heard = (reply) => {
      opened ||= Boolean(reply.ready);
      if (this.connection === connection) this.hear(reply);
      else if (reply.words) { this.transcript.add(reply.words); this.found.add(reply.found); }
    };
    const closed = () => {
      if (!this.on || this.connection !== connection) return undefined;
      this.ready = false;
      if (!opened && this.tries >= 1) this.byPost = true; // twice refused: the other way
      if (++this.tries > RETRIES) return this.stop("live.gone");
      setTimeout(() => this.on && !this.resting && this.connect(), 300 * 2 ** this.tries);
      return this.status("live.cut");
    };
    const Connection = this.byPost ? PostConnection : SocketConnection;
    const { signs, strictness, source: { tracking } } = this;
    connection = this.connection = new Connection(heard, closed, { signs, strictness, tracking });
  }

  hear(reply) {
    if (reply.error) return this.stop(ERRORS[reply.error] || "live.refused", { n: reply.places });
    if (reply.words) this.transcript.add(reply.words);
    this.found.add(reply.found);
    if (reply.ended || !this.on) return undefined;
    if ("calm" in reply) return this.showCalm(reply.calm);
    if (!reply.ready) return this.showFrame(reply);
    Object.assign(this, { ready: true, tries: 0 });
    return this.usualStatus("live.ready");
  }

  showFrame(reply) {
    this.measure(reply.seconds);
    this.hint(reply.hint);
    this.usualStatus(reply.signing ? "live.signing" : "live.ready");
    this.guess.show(reply.guess, Boolean(reply.words?.length), this.on);
    this.guess.showLikeliest(reply.guess, reply.words);
    this.last = { ...reply, ...this.source.points(reply.seconds), picture: this.frames.take(reply.seconds) };
    this.stage.dataset.frames = Number(this.stage.dataset.frames || 0) + 1;
    this.emotion.show(reply.emotion);
    this.draw();
  }

  // An answer also settles the pictures before its own: the server leaves out those that have become old.
  measure(seconds) {
    const now = performance.now(), sent = this.inFlight.find((one) => one.seconds === seconds)?.now ?? now;
    this.inFlight = this.inFlight.filter((one) => one.seconds > seconds);
    this.delays = [...this.delays.slice(-29), now - sent];
    this.arrivals = [...this.arrivals.slice(-29), now];
    const fps = (this.arrivals.length - 1) / ((now - this.arrivals[0]) / 1000 || 1);
    this.find("speed").hidden = false;
    setWord(this.find("speed"), "live.speed", { fps: Math.round(fps), ms: Math.round(median(this.delays)) });
  }

  // Three seconds with a calm face and the hands down; emotions are read against it from then on.
  async askCalm() {
    if (!this.ready || this.counting) return;
    if (this.isCalm) return void this.connection.calm(false);
    this.counting = true;
    for (const n of [3, 2, 1]) { this.statusForAWhile("live.calm_count", { n }); await wait(1000); }
    this.counting = false;
    if (this.on && this.ready) this.connection.calm(true);
  }

  showCalm(known) {
    if (known === null) this.quietUntil = 0;
    else this.statusForAWhile(known ? "live.calm_done" : "live.calm_failed");
    this.setCalm(known === true);
  }

  setCalm(on) { this.isCalm = on; setWord(this.find("calm"), on ? "live.calm_off" : "live.calm"); }

  usualStatus(key) { if (performance.now() > (this.quietUntil || 0)) this.status(key); }
  statusForAWhile(key, values) {
    this.quietUntil = performance.now() + 4000;
    this.status(key, values);
  }

  // Another vocabulary or strictness is another session; the words that were read stay.
  useVocabulary(signs) {
    this.found.show(isDictionary("live"));
    const strictness = chosenStrictness();
    if (!this.on || (signs === this.signs && strictness === this.strictness)) return;
    this.connection?.close();
    Object.assign(this, { signs, strictness });
    this.setCalm(false);
    this.status("live.connecting");
    this.connect();
  }

  // The lines of an answer over the very picture that it answers, however late it comes.
  draw() {
    const { canvas, video, last } = this, hidden = this.find("private").checked, lines = this.find("skeleton").checked;
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext("2d");
    if (hidden) { context.fillStyle = "#101418"; context.fillRect(0, 0, canvas.width, canvas.height); }
    if (!last || !(hidden || lines)) return;
    if (last.picture && !hidden) context.drawImage(last.picture, 0, 0, canvas.width, canvas.height);
    drawSkeleton(context, canvas.width, canvas.height, last);
  }

  tick() {
    if (!this.on) return;
    const free = this.ready && this.source.free && this.inFlight.length < MOST_IN_FLIGHT;
    if (free && this.video.videoWidth) this.send();
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(() => this.tick());
    else requestAnimationFrame(() => this.tick());
  }

  send() {
    const now = performance.now(), seconds = (now - this.started) / 1000, { connection } = this;
    this.inFlight.push({ seconds, now });
    this.frames.keep(seconds, this.video);
    const bytes = this.source.grab(this.video, seconds);
    // One after another, so that pictures arrive in the order of their times.
    this.turn = this.turn.then(async () => {
      const message = await bytes;
      if (message && this.connection === connection && this.ready) connection.send(message);
    });
  }
}

export function start(element) { startVocabulary("live"); startSides(element); return new LivePage(element); }
