// Speech into text on this device alone. Where a browser can't promise that, there is no such button: other recognisers
// send what is said to somebody's server.
import { language, onLanguage, setWord } from "../shared/words.js";

const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
const TAGS = { kk: "kk-KZ", ru: "ru-RU", en: "en-US" };

async function isLocal() {
  if (!Recognition?.available || !("processLocally" in Recognition.prototype)) return false;
  try {
    return await Recognition.available({ langs: [TAGS[language]], processLocally: true }) === "available";
  } catch { return false; }
}

// button, note: shown where it works; heard(text, final): what is understood so far; failed(): nothing was.
export function startSpeech(button, note, heard, failed) {
  let recognition = null;
  const offer = async () => { button.hidden = note.hidden = !await isLocal(); };
  const stop = () => {
    recognition = null;
    setWord(button, "counter.speak");
  };
  button.addEventListener("click", () => {
    if (recognition) return void recognition.stop();
    recognition = Object.assign(new Recognition(), {
      lang: TAGS[language], processLocally: true, interimResults: true, continuous: false,
    });
    recognition.onresult = ({ results }) => {
      heard([...results].map(([best]) => best.transcript).join(" "), [...results].every((one) => one.isFinal));
    };
    recognition.onerror = () => failed();
    recognition.onend = stop;
    setWord(button, "counter.speaking");
    try { recognition.start(); } catch { stop(); failed(); }
    return undefined;
  });
  onLanguage(offer);
  offer();
}
