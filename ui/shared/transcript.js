// The running transcript: words with their time and emotion, to correct, copy, speak and save.
(() => {
  const { kslr } = window;
  const signs = kslr.config.signs;
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const percent = (p) => `${Math.round(p * 100)} %`;
  const wordOf = (word) => word.sign[kslr.language];

  kslr.transcript = (element) => {
    const find = (name) => element.querySelector(`#live-${name}`);
    const words = [];

    function render() {
      find("words").innerHTML = words.length
        ? words.map((word, n) => `
          <li><span class="time">${clock(word.start)}</span>
            <b ${kslr.attributes({ kk: word.sign.kk, ru: word.sign.ru, en: word.sign.en })}></b>
            ${kslr.emotion(word.emotion)}
            <span class="sure">${word.corrected ? `<span data-word="live.corrected"></span>` : percent(word.sign_probability)}</span>
            <button type="button" class="quiet pencil" data-n="${n}" data-word-label="live.correct"
              data-label-values="${kslr.escape(JSON.stringify({ word: wordOf(word) }))}" aria-expanded="${word.open ? "true" : "false"}">✎</button>
            ${word.open ? choices(word, n) : ""}</li>`).join("")
        : '<li class="empty" data-word="live.empty"></li>';
      find("downloads").hidden = !words.length;
    }

    const choices = (word, n) => `<div class="choices"><span data-word="live.which"></span>${word.alternatives.map(({ id, probability }) => `
        <button type="button" data-n="${n}" data-choose="${id}"><span ${kslr.attributes(signs[id] || { kk: id, ru: id, en: id })}></span>
        <small>${percent(probability)}</small></button>`).join("")}
        <button type="button" class="quiet" data-n="${n}" data-remove="1"><span data-word="live.wrong"></span></button></div>`;

    function now() {
      const word = words[words.length - 1];
      find("now").innerHTML = word
        ? `<p class="big" ${kslr.attributes({ kk: word.sign.kk, ru: word.sign.ru, en: word.sign.en })}></p>
           <p class="side">${kslr.emotion(word.emotion)}<span class="sure">${percent(word.sign_probability)}</span></p>`
        : '<p class="waiting" data-word="live.waiting"></p>';
    }

    find("words").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const n = Number(button.dataset.n), word = words[n];
      if (button.dataset.choose) {
        const id = button.dataset.choose, probability = word.alternatives.find((a) => a.id === id).probability;
        Object.assign(word, { sign: { id, ...signs[id] }, sign_probability: probability, corrected: true, open: false });
      } else if (button.dataset.remove) words.splice(n, 1);
      else word.open = !word.open;
      render(); now();
      find("words").querySelector(`.pencil[data-n="${n}"]`)?.focus();
    });

    find("clear").addEventListener("click", () => { words.length = 0; render(); now(); });
    find("copy").addEventListener("click", async () => {
      const text = words.map(wordOf).join(" ");
      try { await navigator.clipboard.writeText(text); } catch {
        const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
        area.select(); document.execCommand("copy"); area.remove();
      }
      kslr.say(find("copy"), "live.copied");
      setTimeout(() => kslr.say(find("copy"), "live.copy"), 1500);
    });

    // Offered only where the browser has a voice for the language.
    const voice = () => speechSynthesis.getVoices().find((v) => v.lang.slice(0, 2) === kslr.language);
    const offer = () => { find("speak").hidden = !voice(); };
    if (window.speechSynthesis) {
      offer();
      speechSynthesis.addEventListener("voiceschanged", offer);
      document.addEventListener("kslr:language", offer);
      find("speak").addEventListener("click", () => {
        const said = new SpeechSynthesisUtterance(words.map(wordOf).join(". "));
        said.voice = voice(); said.lang = said.voice.lang;
        speechSynthesis.cancel(); speechSynthesis.speak(said);
      });
    }

    find("downloads").addEventListener("click", async (event) => {
      const format = event.target.dataset.format;
      if (!format) return;
      const plain = words.map(({ open, corrected, ...word }) => word);
      const reply = await fetch(`live/export?format=${format}&language=${kslr.language}&signs=${encodeURIComponent(kslr.chosenVocabulary("live"))}`, { method: "POST", body: JSON.stringify({ words: plain }) });
      if (!reply.ok) return;
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await reply.blob()), download: `kslr.${format}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });

    document.addEventListener("kslr:language", render);
    render();
    return { words, add(more) { if (!more.length) return; words.push(...more); render(); now(); find("words").scrollTop = find("words").scrollHeight; } };
  };
})();
