// What stands beside the camera on the Live page: the words that can be signed, the clerk's answers, and captions.
import { startPublishing } from "../captions/publish.js";
import { startCounter } from "./counter.js";
import { startLexicon } from "./lexicon.js";

export function startSides(page) {
  startCounter(page);
  startLexicon(page);
  startPublishing(page);
}
