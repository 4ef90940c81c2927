// The Classroom page: pictures to the server, figures of the group back, drawn as charts. The picture on the page is
// made here, from this browser's own camera, as blurred silhouettes; the server never says where anybody is.
import { onPage } from "../shared/app.js";
import { FrameGrabber, closeCamera, openCamera } from "../shared/camera.js";
import { Problem, messenger, onChosen, reportProblem } from "../shared/dom.js";
import { setWord } from "../shared/words.js";
import { classCharts, isKnown } from "./charts.js";
import { RegionPicker } from "./region.js";
import { PastSessions } from "./sessions.js";
import { drawSilhouettes } from "./silhouettes.js";

const SIDE = 1280, MOST_BYTES = 390_000, PREVIEW = 200; // milliseconds between two silhouettes
const WIDE = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "environment" };
const FIGURES = ["engagement", "facing", "valence", "seen", "confidence"];
const DIRECTIONS = { left: "direction:-45,0", right: "direction:45,0" };
const FILE_RATE = 2; // looks a second at most, where a recording is played

// A figure as the language writes it.
function showNumber(element, value) {
  const digits = String(value).split(".")[1]?.length || 0;
  if (isKnown(value)) Object.assign(element.dataset, { digits, number: value });
  else delete element.dataset.number;
  if (!isKnown(value)) element.textContent = "–";
}

class ClassroomPage {
  on = false;
  windows = [];
  moments = [];
  grabber = new FrameGrabber(SIDE);

  constructor(element) {
    this.element = element;
    this.find = (name) => element.querySelector(`#class-${name}`);
    const { find } = this, on = (name, event, work) => find(name).addEventListener(event, work);
    this.video = find("video");
    this.say = messenger(find("status"));
    this.past = new PastSessions(element, find);
    this.region = new RegionPicker(find, this.say, WIDE);
    on("gate", "change", () => this.updateGate());
    on("gate", "submit", (event) => event.preventDefault());
    on("start", "click", () => this.start());
    onChosen(find("file"), ([file]) => this.start(file));
    on("stop", "click", () => this.stop());
    on("note", "submit", (event) => { event.preventDefault(); this.noteMoment(); });
    onPage((page) => {
      if (page === "classroom") return this.past.show();
      this.region.close();
      return this.stop();
    });
    addEventListener("pagehide", () => this.socket?.close());
    this.updateGate();
  }

  // --- The gate
  get place() { return this.element.querySelector('[name="class-place"]:checked')?.value; }
  get allowed() { return this.find("consent").checked && Boolean(this.place); }

  updateGate() {
    this.find("start").disabled = this.find("file").disabled = !this.allowed;
    this.find("file").parentElement.classList.toggle("off", !this.allowed);
    if (this.place === "") this.say("classroom.refused", null, true);
    else if (!this.on) this.say(this.allowed ? "classroom.open" : "classroom.closed");
  }

  get settings() {
    const { find } = this, region = find("region").value.replace(/\s/g, "");
    const boxes = [...this.element.querySelectorAll('[name="class-target"]:checked')];
    const targets = boxes.map(({ value }) => DIRECTIONS[value] || value).concat(region ? `region:${region}` : []);
    const [consent, name, k] = [find("consent").checked, find("name").value, Number(find("k").value)];
    return { consent, place: this.place, name, k, targets };
  }

  // --- A session
  async start(file) {
    if (!this.allowed || this.on) return;
    this.region.close();
    this.say("live.connecting");
    Object.assign(this, { on: true, ready: false, waiting: false, file, reason: null });
    Object.assign(this, { windows: [], moments: [] });
    const opened = await reportProblem((...problem) => {
      this.close();
      this.say(...problem);
    }, async () => { await (file ? this.openFile(file) : this.openCamera()); return true; });
    if (opened) this.connect();
  }

  async openCamera() {
    const stream = await openCamera(this.video, WIDE);
    stream.getVideoTracks()[0].onended = () => this.stop("live.lost");
  }

  openFile(file) {
    this.video.src = URL.createObjectURL(file);
    return new Promise((done, failed) => {
      this.video.onloadeddata = done;
      this.video.onerror = () => failed(new Problem("classroom.unplayable"));
    });
  }

  connect() {
    const { find, video } = this;
    find("gate").hidden = true;
    find("room").hidden = false;
    find("compared").replaceChildren();
    find("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
    find("stage").classList.add("on");
    this.showFigures(null);
    this.showCharts();
    const socket = new WebSocket(new URL("classroom/live", document.baseURI).href.replace(/^http/, "ws"));
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.settings));
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => {
      if (!this.on || this.socket !== socket) return;
      this.close();
      this.say("classroom.cut", null, true);
      this.past.show();
    };
    this.timer = setInterval(() => this.preview(), PREVIEW);
  }

  // Ends the session; the server's last window is still to come.
  stop(reason = "classroom.ended") {
    if (!this.on) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send("end");
    else this.close();
    this.reason = reason;
    this.say(reason);
  }

  close() {
    clearInterval(this.timer);
    closeCamera(this.video);
    if (this.file) URL.revokeObjectURL(this.video.src);
    this.video.removeAttribute("src");
    this.socket?.close();
    Object.assign(this, { on: false, ready: false, socket: null });
    this.find("stage").classList.remove("on");
    this.find("gate").hidden = false;
    this.find("room").hidden = true;
  }

  hear(reply) {
    if (reply.error) {
      this.close();
      this.say(reply.error === "full" ? "classroom.full" : "classroom.not_begun", { why: reply.message || "" }, true);
    } else if (reply.ready) {
      Object.assign(this, { ready: true, session: reply.session, rate: reply.rate });
      Object.assign(this, { began: performance.now(), seconds: 0 });
      this.say("classroom.looking", { k: reply.k });
      this.past.show();
      this.send();
    } else this.hearLook(reply);
  }

  hearLook({ window: figures, ended }) {
    if (figures) {
      if (!this.windows.length && !this.reason) this.say("classroom.going");
      this.windows.push(figures);
      this.showFigures(figures);
      this.showCharts();
    }
    if (ended) {
      this.close();
      this.say(this.reason || "classroom.ended");
      this.past.show();
      return;
    }
    this.waiting = false;
    this.element.dataset.looks = Number(this.element.dataset.looks || 0) + 1;
    // The next picture, but no more often than the rate: a slow machine looks at fewer.
    const rate = this.file ? Math.min(this.rate, FILE_RATE) : this.rate;
    setTimeout(() => this.send(), Math.max(0, 1000 / rate - (performance.now() - this.sent)));
  }

  async send() {
    if (!this.on || !this.ready || this.waiting) return;
    this.waiting = true;
    this.seconds = (performance.now() - this.began) / 1000;
    if (this.file && !await this.seek()) return;
    const picture = await this.grabber.grab(this.video, this.seconds, MOST_BYTES);
    this.sent = performance.now();
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(picture);
  }

  // Goes on in the recording, which runs at its own speed, because the server's clock decides what a window is;
  // false at its end.
  async seek() {
    if (this.seconds >= this.video.duration - 0.05) {
      this.waiting = false;
      this.stop();
      return false;
    }
    this.video.currentTime = this.seconds;
    await new Promise((done) => { this.video.onseeked = done; });
    return true;
  }

  // --- What is shown
  preview() {
    if (!this.on || !this.video.videoWidth) return;
    const aim = this.find("aim").checked;
    this.find("stage").classList.toggle("aiming", aim);
    if (!aim) drawSilhouettes(this.find("canvas"), this.video);
  }

  // figures: of a window, or null before the first.
  showFigures(figures) {
    const { find } = this, faces = find("faces"), tooFew = figures && !isKnown(figures.least);
    for (const name of FIGURES) showNumber(find(name), figures?.[name]);
    setWord(faces, tooFew ? "classroom.too_few" : null);
    if (!tooFew) faces.textContent = figures ? `${figures.least}–${figures.most}` : "–";
    find("rate").hidden = !figures;
    if (figures) setWord(find("rate"), "classroom.rate", { n: figures.rate });
  }

  showCharts() {
    this.find("charts").replaceChildren(...(this.windows.length ? classCharts(this.windows, this.moments) : []));
  }

  async noteMoment() {
    const text = this.find("moment").value.trim(), moment = { seconds: Math.max(0, this.seconds || 0), text };
    if (!text || !this.session) return;
    const options = { method: "POST", body: JSON.stringify(moment) };
    const reply = await fetch(`classroom/sessions/${this.session}/moments`, options);
    if (!reply.ok) { this.say("classroom.failed", null, true); return; }
    this.moments.push(moment);
    this.find("moment").value = "";
    this.showCharts();
  }
}

export function start(element) { return new ClassroomPage(element); }
