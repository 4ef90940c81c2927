// Examples of words as moving points, side by side.
import { make } from "../shared/dom.js";
import { FigureLoop } from "../shared/figure.js";
import { fetchJson } from "../shared/vocabulary.js";

// box: where they stand; vocabulary: its name; words: with their ids and names.
export async function showExamples(box, vocabulary, words) {
  const find = (word) => fetchJson(`lexicon/example?${new URLSearchParams({ name: vocabulary, word: word.id })}`, {});
  const examples = await Promise.all(words.map(find));
  box.hidden = false;
  box.replaceChildren(...words.map((word) => make("figure", {}, make("canvas", { "aria-hidden": "true" }),
    make("figcaption", { texts: word }))));
  box.querySelectorAll("canvas").forEach((canvas, i) => examples[i].points && new FigureLoop(canvas).show(examples[i]));
  box.scrollIntoView({ block: "nearest" });
}
