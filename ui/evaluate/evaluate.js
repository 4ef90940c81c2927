// The Evaluate page: a table and its clips, sent one by one, then evaluated together.
(() => {
  const { kslr } = window;

  kslr.evaluate = (element, trigger, upload) => {
    const zone = element.querySelector(".drop"), input = element.querySelector("input"), note = element.querySelector("#evaluate-note");
    const page = element.closest("#page-evaluate");
    const megabytes = Number(zone.dataset.megabytes), most = Number(zone.dataset.most);
    const say = (key, values, bad) => { kslr.say(note, key, values); note.classList.toggle("problem", Boolean(bad)); };

    const result = page.querySelector("#evaluate-result"), run = () => result.querySelector("[data-run]")?.dataset.run;
    let cancelled = false, old;
    async function take(files) {
      if (!files.length) return;
      cancelled = false; old = run();
      page.classList.add("fresh");
      if (files.length > most) return say("evaluate.too_many", { n: most }, true);
      if (files.filter((file) => /\.csv$/i.test(file.name)).length !== 1) return say("evaluate.no_manifest", null, true);
      if (files.some((file) => file.size > megabytes * 1e6)) return say("video.large", { size: megabytes }, true);
      const sent = [];
      try {
        for (const file of files) {
          say("evaluate.sending", { n: sent.length + 1, all: files.length });
          sent.push([file.name, (await upload(file)).path]);
        }
      } catch { return say("video.failed", null, true); }
      say("video.waiting");
      trigger("submit", { files: JSON.stringify(sent), mark: String(Math.random()) });
    }

    kslr.dropzone(zone, input, (files) => take([...files]));
    page.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) { cancelled = true; trigger("stop"); page.classList.add("fresh"); say("video.cancelled"); }
    });
    // A late word about a run that was cancelled, or about the one before, shows nothing.
    kslr.whenChanged(result, () => { if (cancelled || run() === old) return; page.classList.remove("fresh"); if (note.dataset.word === "video.waiting") say(null); });
  };
})();
