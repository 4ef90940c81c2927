// Which words are read: the vocabularies to choose from on the Live and Video pages, and the words of the chosen one.
import { onPage } from "./app.js";
import { config, recall, remember } from "./config.js";
import { make } from "./dom.js";

const selects = () => [...document.querySelectorAll("select[data-vocabulary]")];
const select = (page) => document.querySelector(`select[data-vocabulary="${page}"]`);
const wanted = {};

export async function fetchJson(path, otherwise) {
  try {
    const reply = await fetch(path);
    return reply.ok ? await reply.json() : otherwise;
  } catch { return otherwise; }
}

export const listVocabularies = () => fetchJson("vocabularies", []);
export const chosenVocabulary = (page) => select(page)?.value || "";
export const isDictionary = (page) => Boolean(select(page)?.selectedOptions[0]?.matches("[data-dictionary]"));
export const chosenStrictness = () => recall("strictness") || "normal";

// One choice for all pages and visits: how sure a word must be to be said.
function startStrictness() {
  for (const one of document.querySelectorAll("select[data-strictness]")) {
    one.value = chosenStrictness();
    one.onchange = () => {
      remember("strictness", one.value);
      for (const other of document.querySelectorAll("select[data-strictness]")) other.value = one.value;
    };
  }
}

// Fills all choices. The first vocabulary is the server's own and is asked for by no name.
export async function updateVocabularies() {
  const usable = (await listVocabularies()).filter((one) => one.shipped || one.words > 0);
  for (const one of selects()) {
    const kept = wanted[one.dataset.vocabulary] ?? one.value;
    one.replaceChildren(...usable.map(({ name, words, dictionary }, i) => (
      make("option", { "value": i ? name : "", "data-dictionary": dictionary || null,
        "word": [dictionary ? "vocabulary.dictionary" : "vocabulary.option", { name, n: words }] }))));
    one.value = kept;
    if (one.selectedIndex < 0) one.selectedIndex = 0;
    one.parentElement.hidden = one.options.length < 2;
  }
}

export async function chooseVocabulary(page, name) {
  wanted[page] = name;
  await updateVocabularies();
  select(page).dispatchEvent(new Event("change"));
}

// Starts the choice of a page. The words of the chosen vocabulary join those the page knows, so guesses have names.
export function startVocabulary(page) {
  startStrictness();
  select(page).addEventListener("change", async () => {
    const name = (wanted[page] = select(page).value);
    const words = await fetchJson(`vocabularies/words?name=${encodeURIComponent(name)}`, {});
    if (!words.error) Object.assign(config.signs, words);
  });
  onPage((opened) => { if (opened === page) updateVocabularies(); });
}
