// The Video page: choosing or dropping a file, and jumping about in the result.
(() => {
  const { kslr } = window;

  kslr.video = (element, trigger, upload) => {
    const zone = element.querySelector(".drop"), input = element.querySelector("input"), note = element.querySelector("#video-note");
    const page = element.closest("#page-video");
    const limit = Number(zone.dataset.megabytes);
    const say = (key, values, bad) => { kslr.say(note, key, values); note.classList.toggle("problem", Boolean(bad)); };

    const result = page.querySelector("#video-result"), run = () => result.querySelector("[data-run]")?.dataset.run;
    let sentPath = "", cancelled = false, old;
    async function take(file) {
      if (!file) return;
      cancelled = false; old = run();
      page.classList.add("fresh"); // the result before is out of date
      if (!/\.(mp4|avi|mov|mkv|webm|m4v)$/i.test(file.name)) return say("video.format", null, true);
      if (!file.size) return say("video.empty", null, true);
      if (file.size > limit * 1e6) return say("video.large", { size: limit }, true);
      say("video.sending");
      let sent;
      try { sent = await upload(file); } catch { return say("video.failed", null, true); }
      say("video.waiting");
      sentPath = sent.path;
      trigger("submit", { path: sent.path, name: file.name, language: kslr.language, signs: kslr.chosenVocabulary("video") });
    }

    // Three seconds from the camera, after a countdown, as a file like any other.
    const recordButton = element.querySelector("#video-record"), preview = element.querySelector("#video-preview"), count = element.querySelector("#video-count");
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    async function record() {
      if (!window.MediaRecorder || !navigator.mediaDevices) return say(window.isSecureContext ? "video.no_recorder" : "live.insecure", null, true);
      let stream;
      try { stream = await kslr.camera(); } catch (error) { return say(kslr.cameraProblem(error), null, true); }
      recordButton.disabled = true;
      say(null);
      try {
        preview.hidden = false;
        const video = preview.querySelector("video");
        video.srcObject = stream;
        await video.play();
        for (const n of [3, 2, 1]) { kslr.say(count, "video.get_ready", { n }); await wait(1000); }
        const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find((t) => MediaRecorder.isTypeSupported(t));
        const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 2500000 }), parts = [];
        recorder.ondataavailable = (event) => parts.push(event.data);
        const stopped = new Promise((done) => { recorder.onstop = done; });
        recorder.start();
        for (const n of [3, 2, 1]) { kslr.say(count, "video.recording", { n }); await wait(1000); }
        recorder.stop();
        await stopped;
        take(new File(parts, `kslr.${type.includes("mp4") ? "mp4" : "webm"}`, { type }));
      } finally {
        stream.getTracks().forEach((track) => track.stop());
        preview.hidden = true;
        recordButton.disabled = false;
      }
    }
    recordButton.addEventListener("click", record);

    kslr.dropzone(zone, input, (files) => take(files[0]));

    page.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) { cancelled = true; trigger("stop", { path: sentPath }); page.classList.add("fresh"); say("video.cancelled"); }
      const seek = event.target.closest("[data-seek]");
      const video = page.querySelector("#video-result video");
      if (seek && video) { video.currentTime = Number(seek.dataset.seek); video.play(); video.scrollIntoView({ block: "nearest" }); }
    });
    // The server's first word about this file takes the note's place. A late word about the one before does not.
    kslr.whenChanged(result, () => { if (cancelled || run() === old) return; page.classList.remove("fresh"); if (note.dataset.word === "video.waiting") say(null); });
  };
})();
