// The Video page: choosing or dropping a file, and jumping about in the result.
(() => {
  const { kslr } = window;

  kslr.video = (element, trigger, upload) => {
    const zone = element.querySelector(".drop"), input = element.querySelector("input"), note = element.querySelector("#video-note");
    const page = element.closest("#page-video");
    const limit = Number(zone.dataset.megabytes);
    const say = (key, values, bad) => { kslr.say(note, key, values); note.classList.toggle("problem", Boolean(bad)); };

    async function take(file) {
      if (!file) return;
      page.classList.add("fresh"); // the result before is out of date
      if (!/\.(mp4|avi|mov|mkv|webm|m4v)$/i.test(file.name)) return say("video.format", null, true);
      if (!file.size) return say("video.empty", null, true);
      if (file.size > limit * 1e6) return say("video.large", { size: limit }, true);
      say("video.sending");
      let sent;
      try { sent = await upload(file); } catch { return say("video.failed", null, true); }
      say("video.waiting");
      trigger("submit", { path: sent.path, name: file.name, language: kslr.language });
    }

    input.addEventListener("change", () => { take(input.files[0]); input.value = ""; });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.toggle("over", kind === "dragover"); });
    }
    zone.addEventListener("drop", (event) => take(event.dataTransfer.files[0]));

    page.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) { trigger("stop"); page.classList.add("fresh"); say("video.cancelled"); }
      const seek = event.target.closest("[data-seek]");
      const video = page.querySelector("video");
      if (seek && video) { video.currentTime = Number(seek.dataset.seek); video.play(); video.scrollIntoView({ block: "nearest" }); }
    });
    // The server's first word about this file takes the note's place.
    new MutationObserver(() => { page.classList.remove("fresh"); if (note.dataset.word === "video.waiting") say(null); })
      .observe(page.querySelector("#video-result"), { childList: true, subtree: true });
  };
})();
