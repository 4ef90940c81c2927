// Quick phrases by venue, in the chosen language. Somebody's own take the place of the first ones and stay in the
// browser.
import { recall, remember } from "../shared/config.js";
import { language, text } from "../shared/words.js";

const LONGEST = 500, MOST = 40; // characters of a phrase, phrases
const FIRST = {
  service: ["counter.service_which", "counter.service_identity", "counter.service_signature", "counter.service_wait",
    "counter.service_message", "counter.service_interpreter"],
  bank: ["counter.bank_which", "counter.bank_cards", "counter.bank_amount", "counter.bank_pin", "counter.bank_fee",
    "counter.bank_done"],
  university: ["counter.university_faculty", "counter.university_card", "counter.university_timetable",
    "counter.university_application", "counter.university_lecturer", "counter.university_interpreter"],
};

const key = (venue) => `phrases.${venue}.${language}`;

export const VENUES = { service: "counter.service", bank: "counter.bank", university: "counter.university" };
const venues = Object.keys(VENUES);
export const chosenVenue = () => (venues.includes(recall("venue")) ? recall("venue") : venues[0]);

export function phrases(venue) {
  try {
    const own = JSON.parse(recall(key(venue)));
    if (Array.isArray(own)) return own.map(String);
  } catch { /* damaged: the first ones */ }
  return FIRST[venue].map((word) => text(word));
}

// lines: a text with one phrase a line; null for the first ones again.
export function keepPhrases(venue, lines) {
  const own = lines?.split("\n").map((one) => one.trim().slice(0, LONGEST)).filter(Boolean).slice(0, MOST);
  remember(key(venue), JSON.stringify(own ?? null));
}
