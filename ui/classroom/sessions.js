// Past sessions: a list to rename, delete, report and compare.
import { button, clock, make } from "../shared/dom.js";
import { language, onLanguage, setWord, text } from "../shared/words.js";
import { classCharts, isKnown } from "./charts.js";

const MOST_COMPARED = 4;

const address = (id, rest = "") => `classroom/sessions/${id}${rest}`;

// The local time of an ISO date, to the minute.
function localTime(iso) {
  const date = new Date(iso);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", " ");
}

function row({ id, name, started, seconds, status, k }) {
  const when = localTime(started);
  const label = `${name} ${when}`.trim();
  const box = make("input", { "type": "checkbox", "data-compare": true, "lang": "", "aria-label": label });
  const link = (attributes, ...content) => make("a", { class: "quiet", ...attributes }, ...content);
  return make("li", { "data-session": id }, make("label", { class: "switch" }, box),
    make("span", { class: "about" },
      make("b", { lang: "" }, name || "–"), // people name sessions in any language
      make("small", {}, `${when} · ${clock(seconds)} · `,
        make("span", { word: `classroom.${status}` }), ` · k = ${k}`)),
    make("span", { class: "tools" },
      link({ "target": "_blank", "rel": "noopener", "data-report": true, "word": "classroom.report" }),
      link({ href: address(id, "/figures.csv"), download: true }, "CSV"),
      button({ "data-rename": true, "word": "classroom.rename" }),
      button({ "data-delete": true, "word": "classroom.delete" })));
}

function comparison({ name, windows, moments }) {
  const charts = windows.some((one) => isKnown(one.least)) ? classCharts(windows, moments, false)
    : make("p", { word: "classroom.nothing" });
  return make("article", {}, make("h3", { lang: "" }, name || "–"), charts);
}

export class PastSessions {
  constructor(element, find) {
    Object.assign(this, { element, find });
    find("sessions").addEventListener("click", ({ target }) => {
      const item = target.closest("li"), pressed = target.closest("button");
      if (pressed && "rename" in pressed.dataset) this.rename(item);
      if (pressed && "delete" in pressed.dataset) this.delete(item, pressed);
    });
    find("sessions").addEventListener("change", () => this.update());
    find("compare").addEventListener("click", () => this.compare());
    onLanguage(() => this.update());
  }

  async show() {
    const reply = await fetch("classroom/sessions").catch(() => null);
    if (!reply?.ok) return;
    const sessions = await reply.json(), none = make("li", { class: "empty", word: "classroom.none" });
    this.find("sessions").replaceChildren(...(sessions.length ? sessions.map(row) : [none]));
    this.update();
  }

  get chosen() {
    return [...this.element.querySelectorAll("[data-compare]:checked")].map((box) => box.closest("li").dataset.session);
  }

  update() {
    this.find("compare").disabled = !this.chosen.length || this.chosen.length > MOST_COMPARED;
    for (const link of this.element.querySelectorAll("[data-report]")) {
      link.href = address(link.closest("li").dataset.session, `/report.html?language=${language}`);
    }
  }

  async compare() {
    const sessions = await Promise.all(this.chosen.map(async (id) => (await fetch(address(id))).json()));
    this.find("compared").replaceChildren(...sessions.map(comparison));
    this.find("compared").scrollIntoView({ block: "start" });
  }

  rename(item) {
    const name = item.querySelector("b"), label = text("classroom.name");
    const input = make("input", { "type": "text", "maxlength": 120, "value": name.textContent, "aria-label": label });
    name.replaceWith(input);
    input.select();
    input.addEventListener("keydown", async ({ key }) => {
      const options = { method: "POST", body: JSON.stringify({ name: input.value }) };
      if (key === "Enter") await fetch(address(item.dataset.session, "/name"), options);
      if (key === "Enter" || key === "Escape") this.show();
    });
  }

  // The first press asks, the second deletes.
  async delete(item, pressed) {
    if (!pressed.classList.contains("danger")) {
      setWord(pressed, "classroom.sure");
      pressed.classList.add("danger");
      return;
    }
    await fetch(address(item.dataset.session), { method: "DELETE" });
    this.find("compared").replaceChildren();
    this.show();
  }
}
