// The camera, and clips recorded from it.
import { Problem, wait } from "./dom.js";
import { setWord, text } from "./words.js";

const [DENIED, ABSENT] = ["live.denied", "live.absent"];
const PROBLEMS = {
  NotAllowedError: DENIED, SecurityError: DENIED, NotFoundError: ABSENT, OverconstrainedError: ABSENT,
};
const SMALL = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" };

// Shows the camera in a video element; throws a Problem when there is none.
export async function openCamera(video, wanted = SMALL) {
  if (!isSecureContext || !navigator.mediaDevices) throw new Problem("live.insecure");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
  } catch (error) { throw new Problem(PROBLEMS[error.name] || "live.busy"); }
  await video.play();
  return video.srcObject;
}

export const openCameraById = (video, id) => {
  const { facingMode, ...size } = SMALL;
  return openCamera(video, { ...size, ...(id ? { deviceId: { exact: id } } : { facingMode }) });
};

// Lets a person choose among the cameras, where there are several.
export async function listCameras(select, stream) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const current = stream.getVideoTracks()[0].getSettings().deviceId;
  select.hidden = cameras.length < 2;
  select.replaceChildren(...cameras.map(({ label, deviceId }, i) => (
    new Option(label || text("live.camera_n", { n: i + 1 }), deviceId, false, deviceId === current))));
}

export function closeCamera(video) {
  video.srcObject?.getTracks().forEach((track) => { track.onended = null; track.stop(); });
  video.srcObject = null;
}

// Works with the camera shown on a stage (a video in an element with the class on), which is closed in the end.
export async function onStage(stage, work) {
  if (!window.MediaRecorder && isSecureContext) throw new Problem("video.no_recorder");
  const video = stage.querySelector("video"), stream = await openCamera(video);
  stage.hidden = false;
  stage.classList.add("on");
  stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  try { return await work(stream, stage.querySelector(".count")); } finally {
    closeCamera(video);
    stage.classList.remove("on");
    setWord(stage.querySelector(".count"), null);
  }
}

// Says a word with so many seconds left, second after second, until none is left or it is stopped.
export async function countDown(element, key, values = {}, seconds = 3, isStopped = () => false) {
  for (let n = seconds; n > 0 && !isStopped(); n--) {
    setWord(element, key, { ...values, n });
    await wait(1000);
  }
  return !isStopped();
}

// What records a stream, in a format that this browser has.
export function newRecorder(stream) {
  const known = ["video/webm;codecs=vp8", "video/webm", "video/mp4"];
  const mimeType = known.find((one) => MediaRecorder.isTypeSupported(one));
  return new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 2_500_000 });
}

// Records a stream for as long as the work takes; gives a file.
export async function recordClip(stream, name, work) {
  const recorder = newRecorder(stream), parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  await work();
  recorder.stop();
  await stopped;
  const type = recorder.mimeType;
  return new File(parts, `${name}.${type.includes("mp4") ? "mp4" : "webm"}`, { type });
}

// The picture of a video element as a JPEG of at most so many pixels a side, after its time in seconds (a double).
export class FrameGrabber {
  #canvas = document.createElement("canvas");

  constructor(side, quality = 0.8) { Object.assign(this, { side, quality }); }

  // Copies the picture at once; the bytes are promised.
  grab(video, seconds, mostBytes = Infinity) {
    const scale = Math.min(1, this.side / Math.max(video.videoWidth, video.videoHeight)), canvas = this.#canvas;
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return this.#encode(seconds, mostBytes);
  }

  async #encode(seconds, mostBytes) {
    const encode = (quality) => new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", quality));
    let blob = await encode(this.quality);
    if (blob.size > mostBytes) blob = await encode(0.5);
    const head = new ArrayBuffer(8);
    new DataView(head).setFloat64(0, seconds, true);
    return new Blob([head, blob]).arrayBuffer();
  }
}
