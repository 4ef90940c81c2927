// A place in the picture, such as where the interpreter stands: dragged on the camera's picture, or typed.
import { closeCamera, openCamera } from "../shared/camera.js";
import { reportProblem } from "../shared/dom.js";
import { setWord } from "../shared/words.js";

const SMALLEST = 0.04; // share of the picture that a place is wide and high at least
const round = (share) => Math.round(share * 100) / 100;
const clip = (share) => Math.min(1, Math.max(0, share));

export class RegionPicker {
  // find: an element of the page by its name; say: the status line; wanted: what a camera should be like.
  constructor(find, say, wanted) {
    Object.assign(this, { find, say, wanted, stage: find("regionstage"), box: find("regionbox") });
    const { stage } = this;
    find("pick").addEventListener("click", () => (stage.hidden ? this.open() : this.close()));
    find("region").addEventListener("input", () => this.draw());
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      this.from = this.place(event);
    });
    stage.addEventListener("pointermove", (event) => { if (this.from) this.drag(this.place(event)); });
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { this.from = null; });
  }

  async open() {
    const video = this.stage.querySelector("video");
    this.stage.hidden = false;
    if (!await reportProblem(this.say, () => openCamera(video, this.wanted))) { this.stage.hidden = true; return; }
    this.stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
    setWord(this.find("pick"), "classroom.region_done");
    this.draw();
  }

  close() {
    closeCamera(this.stage.querySelector("video"));
    this.stage.hidden = true;
    setWord(this.find("pick"), "classroom.region_pick");
  }

  // Shares of the picture from its left and top.
  place({ clientX, clientY }) {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    return [clip((clientX - left) / width), clip((clientY - top) / height)];
  }

  drag([x, y]) {
    const [a, b] = this.from, size = [Math.abs(x - a), Math.abs(y - b)];
    if (Math.min(...size) < SMALLEST) return;
    this.find("region").value = [Math.min(x, a), Math.min(y, b), ...size].map(round).join(",");
    this.draw();
  }

  draw() {
    const [x, y, width, height] = this.find("region").value.split(",").map((one) => 100 * Number(one));
    this.box.hidden = !(width > 0 && height > 0);
    if (!this.box.hidden) {
      Object.assign(this.box.style, { left: `${x}%`, top: `${y}%`, width: `${width}%`, height: `${height}%` });
    }
  }
}
