// Trying a taught vocabulary: one sign from the camera or a clip, and what is read in it.
import { signNames } from "../shared/config.js";
import { emotionChip, make, messenger, onChosen, percent, reportProblem } from "../shared/dom.js";
import { requestWithFile } from "./requests.js";

const other = ({ id, probability }, signs) => make("span", { class: "other" },
  make("span", { texts: signs[id] || signNames(id) }), ` ${percent(probability)}`);

const answerElements = (word, signs) => [
  make("p", { class: "big", texts: word.sign }),
  make("p", { class: "side" }, word.emotion && emotionChip(word.emotion),
    make("span", { class: "sure" }, percent(word.sign_probability))),
  make("details", {}, make("summary", { word: "teach.also" }),
    word.alternatives.slice(1).map((one) => other(one, signs))),
];

// find: an element of the page by its name; vocabulary(): the name of the chosen one.
export function startTrying(find, recorder, vocabulary) {
  const say = messenger(find("trynote")), answer = find("answer");

  async function tryClip(file) {
    say("teach.reading");
    answer.hidden = true;
    const { words, signs, nobody } = await requestWithFile("try", { vocabulary: vocabulary(), name: file.name }, file);
    const unsure = [make("p", { class: "waiting", word: "teach.unsure" }),
      make("p", { class: "note", word: nobody ? "hint.nobody" : "teach.unsure_why" })];
    answer.replaceChildren(...(words.length ? words.flatMap((word) => answerElements(word, signs)) : unsure));
    answer.hidden = false;
    say(null);
  }

  find("trycamera").addEventListener("click", () => reportProblem(say, async () => {
    if (recorder.busy) return;
    find("trycamera").disabled = true;
    const clip = await recorder.once(find("trystage")).finally(() => {
      find("trystage").hidden = true;
      find("trycamera").disabled = false;
    });
    if (clip) await tryClip(clip);
  }));
  onChosen(find("tryfile"), ([file]) => reportProblem(say, () => tryClip(file)));
}
