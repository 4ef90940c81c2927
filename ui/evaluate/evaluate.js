// The Evaluate page: a table and its clips, sent one by one, then evaluated together.
import { Problem, onFiles } from "../shared/dom.js";
import { Job, sendFile } from "../shared/job.js";
import { language, onLanguage } from "../shared/words.js";

export function start(element, { trigger, upload }) {
  const zone = element.querySelector(".drop");
  const [megabytes, most] = [Number(zone.dataset.megabytes), Number(zone.dataset.most)];
  const job = new Job(element.closest("#page-evaluate"), "evaluate", trigger, showReport);

  // The report in the language of the page; the server wrote it in each.
  function showReport() {
    for (const one of job.result.querySelectorAll("[data-report]")) {
      const [name, address] = [one.matches("a") ? "href" : "src", `${one.dataset.report}report-${language}.html`];
      if (one.getAttribute(name) !== address) one.setAttribute(name, address);
      one.lang = language;
    }
  }

  onLanguage(showReport);
  onFiles(zone, (files) => files.length && job.submit(async () => {
    if (files.length > most) throw new Problem("evaluate.too_many", { n: most });
    if (files.filter(({ name }) => /\.csv$/i.test(name)).length !== 1) throw new Problem("evaluate.no_manifest");
    if (files.some(({ size }) => size > megabytes * 1e6)) throw new Problem("video.large", { size: megabytes });
    const sent = [];
    for (const file of files) {
      job.say("evaluate.sending", { n: sent.length + 1, all: files.length });
      sent.push([file.name, await sendFile(file, upload)]);
    }
    return { files: JSON.stringify(sent) };
  }));
}
