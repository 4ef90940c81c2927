// The Video page: choosing, dropping or recording a file, and jumping about in the result.
import { countDown, onStage, recordClip } from "../shared/camera.js";
import { onFiles, reportProblem } from "../shared/dom.js";
import { Job, checkFile, sendFile } from "../shared/job.js";
import { chosenStrictness, chosenVocabulary, startVocabulary } from "../shared/vocabulary.js";
import { language } from "../shared/words.js";
import { startCorrections } from "./corrections.js";

export function start(element, { trigger, upload }) {
  const page = element.closest("#page-video"), find = (name) => element.querySelector(`#video-${name}`);
  const zone = element.querySelector(".drop");
  const { megabytes, endings } = zone.dataset;
  const job = new Job(page, "video", trigger, () => startCorrections(page.querySelector("[data-words]")));

  const take = (file) => file && job.submit(async () => {
    checkFile(file, endings.split(","), Number(megabytes));
    job.say("video.sending");
    const path = await sendFile(file, upload);
    return { path, name: file.name, language, signs: chosenVocabulary("video"), strictness: chosenStrictness() };
  });

  // Three seconds from the camera, after a countdown, as a file like any other.
  async function record() {
    find("record").disabled = true;
    job.say(null);
    try {
      take(await onStage(find("preview"), async (stream, count) => {
        await countDown(count, "video.get_ready");
        return recordClip(stream, "kslr", () => countDown(count, "video.recording"));
      }));
    } finally { find("preview").hidden = true; find("record").disabled = false; }
  }

  find("record").addEventListener("click", () => reportProblem(job.say, record));
  onFiles(zone, (files) => take(files[0]));
  page.addEventListener("click", (event) => {
    const seek = event.target.closest("[data-seek]"), shown = job.result.querySelector("video");
    if (!seek || !shown) return;
    shown.currentTime = Number(seek.dataset.seek);
    shown.play();
    shown.scrollIntoView({ block: "nearest" });
  });
  startVocabulary("video");
}
