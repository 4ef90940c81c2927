// What somebody has practised, kept in this browser: the best score of each word, and where they were.
import { recall, remember } from "../shared/config.js";

export const GOOD = 50; // score from which a word is done

function read() {
  try { return JSON.parse(recall("practised")) || {}; } catch { return {}; }
}

const key = (vocabulary, word) => `${vocabulary}/${word}`;

export const bestScore = (vocabulary, word) => Number(read()[key(vocabulary, word)]) || 0;

export function keepScore(vocabulary, word, score) {
  const scores = read(), name = key(vocabulary, word);
  scores[name] = Math.max(score, Number(scores[name]) || 0);
  remember("practised", JSON.stringify(scores));
}

export function forgetScores() { remember("practised", "{}"); }

export const lastPlace = () => [recall("practice.vocabulary"), recall("practice.word")];

export function keepPlace({ vocabulary, word }) {
  remember("practice.vocabulary", vocabulary);
  remember("practice.word", word);
}
