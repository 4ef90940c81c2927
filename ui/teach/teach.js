// The Teach page: choose a vocabulary, name a word, record takes, let it be learnt, and try it.
import { onPage, openPage } from "../shared/app.js";
import { button, make, messenger, onChosen, onFiles, reportProblem } from "../shared/dom.js";
import { chooseVocabulary, listVocabularies, updateVocabularies } from "../shared/vocabulary.js";
import { language, onLanguage, setWord, text } from "../shared/words.js";
import { showExamples } from "./examples.js";
import { WordFields } from "./fields.js";
import { overviewElements, todoItems } from "./overview.js";
import { Onboarding } from "./onboarding.js";
import { Recorder, isEnough } from "./recorder.js";
import { SESSION, forgetTakes, request, requestWithFile, requestWithJson } from "./requests.js";
import { Takes } from "./takes.js";
import { startTrying } from "./trying.js";

const MOST_FILES = 20;

class TeachPage {
  overview = null; // of the chosen vocabulary, as the server gives it
  todo = []; // words to teach while none is chosen
  begun = false;

  constructor(element) {
    this.find = (name) => element.querySelector(`#teach-${name}`);
    const { find } = this, on = (name, event, work) => find(name).addEventListener(event, work);
    const sayTop = messenger(find("said"));
    this.say = (key, values, bad) => {
      find("said").hidden = !key;
      find("undo").hidden = true;
      sayTop(key, values, bad);
    };
    this.word = new WordFields(find);
    this.takes = new Takes(find, () => (
      { vocabulary: this.vocabulary, word: this.word.idAmong(this.overview?.words || []) }));
    this.takes.onChange = () => setWord(find("record"), isEnough(this.takes) ? "teach.more_take" : "teach.record");
    this.recorder = new Recorder(() => Number(find("length").value));
    this.startVocabulary(on);
    this.startTakes(on);
    startTrying(find, this.recorder, () => this.vocabulary);
    this.ten = new Onboarding(element, {
      vocabulary: () => this.vocabulary,
      known: () => (this.overview?.words || []).map(({ id }) => id),
      ensure: () => this.ensure(),
      learn: (word, takes) => this.teach(word, takes),
      open: () => { chooseVocabulary("live", this.vocabulary); openPage("live"); },
    });
    on("live", "click", () => { chooseVocabulary("live", this.vocabulary); openPage("live"); });
    element.addEventListener("click", (event) => this.press(event.target.closest("button")));
    document.addEventListener("kslr:teach", ({ detail }) => this.fillIn(detail));
    onPage((page) => {
      if (page === "teach") return this.begin();
      this.ten.stop();
      return this.recorder.stop();
    });
    onLanguage(() => { if (this.begun) this.show(); });
    addEventListener("pagehide", () => { if (this.takes.length || this.ten.takes.length) forgetTakes(); });
  }

  get vocabulary() { return this.find("vocabulary").value; }

  async begin() {
    if (this.begun) return;
    this.begun = true;
    await reportProblem(this.say, async () => {
      this.todo = await request("todo");
      await this.list(this.vocabulary);
    });
    this.show();
  }

  // --- The vocabulary
  startVocabulary(on) {
    const { find } = this;
    on("vocabulary", "change", () => { this.say(null); this.open(this.vocabulary); });
    on("new", "click", () => {
      find("create").hidden = !find("create").hidden;
      if (!find("create").hidden) find("newname").focus();
    });
    on("create", "submit", (event) => {
      event.preventDefault();
      reportProblem(this.say, async () => {
        this.overview = await requestWithJson("change", { do: "create", vocabulary: find("newname").value });
        find("create").hidden = true;
        find("newname").value = "";
        await this.listAndShow("teach.created");
        find("kk").focus();
      });
    });
    on("upload", "click", () => find("file").click());
    onChosen(find("file"), ([file]) => reportProblem(this.say, async () => {
      this.overview = await requestWithFile("upload", { name: file.name.replace(/\.npz$/i, "") }, file);
      await this.listAndShow("teach.uploaded");
      updateVocabularies();
    }));
  }

  async list(chosen) {
    const own = (await listVocabularies()).filter((one) => !one.shipped);
    this.find("vocabulary").replaceChildren(make("option", { value: "", word: "teach.choose" }),
      ...own.map(({ name }) => new Option(name, name, false, name === chosen)));
  }

  async listAndShow(word) {
    await this.list(this.overview.name);
    this.show();
    this.say(word, { name: this.overview.name });
  }

  async open(name) {
    this.overview = null;
    if (name) await reportProblem(this.say, async () => { this.overview = await request("vocabulary", { name }); });
    this.show();
  }

  show() {
    const { find, overview } = this, todo = overview ? overview.todo : this.todo;
    find("trying").hidden = !overview || overview.words.length < 2;
    find("words").replaceChildren(...(overview ? overviewElements(overview)
      : [make("p", { class: "message", word: "teach.start_here" })]));
    find("todo").hidden = !todo.length;
    find("todo").querySelector("ul").replaceChildren(...todoItems(todo));
  }

  press(pressed) {
    if (!pressed) return;
    const { add, forget, todo, show, pair } = pressed.dataset;
    if (show || pair) {
      const shown = (show || pair).split(" ").map((id) => this.overview.words.find((one) => one.id === id));
      showExamples(this.find("figures"), this.vocabulary, shown);
    }
    const word = this.overview?.words.find(({ id }) => id === (add || forget));
    if (add) this.fillIn(word);
    if (todo) this.fillIn((this.overview?.todo || this.todo).find(({ id }) => id === todo));
    if (forget) {
      const values = { word: word[language] };
      this.confirm("teach.sure_forget", values, async () => {
        this.overview = await requestWithJson("change", { do: "forget", vocabulary: this.vocabulary, word: forget });
        this.show();
        this.say("teach.forgotten", values);
      });
    }
    if ("delete" in pressed.dataset) {
      const name = this.vocabulary;
      this.confirm("teach.sure_delete", { name }, async () => {
        await requestWithJson("change", { do: "delete", vocabulary: name });
        await this.list("");
        await this.open("");
        this.say("teach.deleted", { name });
        updateVocabularies();
      });
    }
  }

  // The names of a word that is there or waits.
  fillIn(word) {
    this.word.fill(word);
    this.find("record").focus();
  }

  // A vocabulary to teach to: the chosen one, or a new one of the usual name.
  async ensure() {
    if (this.vocabulary) return;
    const names = new Set((await listVocabularies()).map(({ name }) => name)), usual = text("teach.ten_name");
    let name = usual;
    for (let n = 2; names.has(name); n++) name = `${usual} ${n}`;
    this.overview = await requestWithJson("change", { do: "create", vocabulary: name });
    await this.listAndShow("teach.created");
  }

  // Has a word learnt; what was taught can be taken back.
  async teach(word, takes) {
    const before = this.overview?.words.find(({ id }) => id === word.id)?.recordings || 0;
    this.overview = await requestWithJson("word", {
      kk: word.kk, ru: word.ru, en: word.en, vocabulary: this.vocabulary, word: word.id || "",
      face: this.find("face").checked, session: SESSION, takes,
    });
    this.show();
    const taught = this.overview.words.find(({ id }) => id === this.overview.word);
    this.say("teach.taught", { word: taught[language], n: taught.recordings });
    this.offerUndo(taught, taught.recordings - before);
    updateVocabularies();
  }

  offerUndo(word, last) {
    const undo = this.find("undo");
    undo.hidden = false;
    undo.onclick = () => reportProblem(this.say, async () => {
      undo.hidden = true;
      const values = { word: word[language] };
      this.overview = await requestWithJson("change", { do: "undo", vocabulary: this.vocabulary, word: word.id, last });
      this.show();
      this.say("teach.undone", values);
      updateVocabularies();
    });
  }

  // Nothing is deleted before somebody has said yes.
  confirm(key, values, work) {
    const box = this.find("sure"), yes = button({ "class": "quiet danger", "data-yes": true, "word": "teach.yes" });
    const no = button({ "data-no": true, "word": "teach.no" });
    yes.addEventListener("click", () => reportProblem(this.say, work));
    no.addEventListener("click", () => { box.hidden = true; });
    box.hidden = false;
    box.replaceChildren(make("p", { word: [key, values] }), yes, " ", no);
    no.focus();
    box.scrollIntoView({ block: "nearest" });
  }

  // --- Takes
  startTakes(on) {
    on("record", "click", () => reportProblem(this.takes.say, () => this.record()));
    on("stop", "click", () => this.recorder.stop());
    onFiles(this.find("drop"), async (files) => {
      for (const file of files.slice(0, MOST_FILES)) await this.takes.send(file, true);
    });
    on("learn", "click", () => reportProblem(this.takes.say, () => this.learn()));
  }

  async record() {
    const { find, takes } = this, [record, stop] = [find("record"), find("stop")];
    this.word.check(this.vocabulary);
    const began = () => {
      takes.recording = record.disabled = true;
      stop.hidden = false;
      takes.say(null);
    };
    try { await this.recorder.series(find("stage"), takes, began); } finally {
      takes.recording = record.disabled = false;
      stop.hidden = true;
      if (takes.length) takes.update();
      if (!find("go").hidden) find("learn").focus();
    }
  }

  async learn() {
    const { find, takes, word } = this, names = word.check(this.vocabulary);
    find("learn").disabled = true;
    takes.say("teach.learning");
    try { await this.teach({ ...names, id: word.id }, takes.chosen); } finally { find("learn").disabled = false; }
    takes.drop();
    find("said").scrollIntoView({ block: "nearest" });
    word.clear();
  }
}

export function start(element) { return new TeachPage(element); }
