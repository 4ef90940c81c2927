// A job on uploaded files: what the page says of it, the result of its latest run, and a way to cancel it.
import { Problem, messenger, reportProblem } from "./dom.js";

const WAITING = ["video.sending", "video.waiting", "practice.comparing"];

export class Job {
  #before;
  #cancelled = false;
  #submitted = {};

  // page: the page's element; name: prefix of the ids; trigger: of the Gradio component; onResult: called at each step.
  constructor(page, name, trigger, onResult = () => {}) {
    this.page = page;
    this.trigger = trigger;
    this.result = page.querySelector(`#${name}-result`);
    const note = page.querySelector(`#${name}-note`);
    this.say = messenger(note);
    page.addEventListener("click", (event) => { if (event.target.closest("[data-cancel]")) this.cancel(); });
    new MutationObserver(() => {
      // A late step of a cancelled run or of the run before shows nothing.
      if (this.#cancelled || this.run === this.#before) return;
      if (WAITING.includes(note.dataset.word)) this.say(null);
      page.classList.remove("fresh");
      onResult();
    }).observe(this.result, { childList: true, subtree: true });
  }

  get run() { return this.result.querySelector("[data-run]")?.dataset.run; }

  // From now on the result before is out of date.
  begin() {
    this.#before = this.run;
    this.#cancelled = false;
    this.#submitted = {};
    this.page.classList.add("fresh");
    this.say(null);
  }

  cancel() {
    this.trigger("stop", this.#submitted);
    this.begin();
    this.#cancelled = true;
    this.say("video.cancelled");
  }

  // Begins anew: prepare() gives what is submitted, or throws a Problem.
  submit(prepare, word = "video.waiting") {
    this.begin();
    return reportProblem(this.say, async () => {
      this.#submitted = await prepare();
      this.say(word);
      this.trigger("submit", this.#submitted);
    });
  }
}

// Throws a Problem unless the file has one of the endings and is neither empty nor too large.
export function checkFile(file, endings, megabytes, wrongFormat = "video.format") {
  if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) throw new Problem(wrongFormat);
  if (!file.size) throw new Problem("video.empty");
  if (file.size > megabytes * 1e6) throw new Problem("video.large", { size: megabytes });
}

// Sends a file by Gradio's upload function; gives its path on the server.
export async function sendFile(file, upload) {
  try { return (await upload(file)).path; } catch { throw new Problem("video.failed"); }
}
