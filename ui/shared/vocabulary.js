// Which words are read: the vocabularies to choose from on the Live and Video pages, and the words of the one chosen.
(() => {
  const { kslr } = window;
  const selects = () => [...document.querySelectorAll("select[data-vocabulary]")];
  const wanted = {};

  kslr.vocabularies = async () => {
    try { const reply = await fetch("vocabularies"); return reply.ok ? await reply.json() : []; } catch { return []; }
  };
  kslr.chosenVocabulary = (page) => document.querySelector(`select[data-vocabulary="${page}"]`)?.value || "";

  // The first is the server's own and is asked for by no name.
  async function fill() {
    const all = await kslr.vocabularies();
    for (const select of selects()) {
      const kept = wanted[select.dataset.vocabulary] ?? select.value;
      select.replaceChildren(...all.filter((one) => one.shipped || one.words > 1).map((one, n) => {
        const option = new Option("", n ? one.name : "");
        option.dataset.values = JSON.stringify({ name: one.name, n: one.words });
        option.dataset.word = "vocabulary.option";
        return option;
      }));
      select.value = kept;
      if (select.selectedIndex < 0) select.selectedIndex = 0;
      select.parentElement.hidden = select.options.length < 2;
    }
  }
  kslr.vocabulariesChanged = fill;
  kslr.chooseVocabulary = async (page, name) => {
    wanted[page] = name;
    await fill();
    document.querySelector(`select[data-vocabulary="${page}"]`).dispatchEvent(new Event("change", { bubbles: true }));
  };

  // The words of the chosen one join those that the page knows, so that guesses and corrections have names.
  document.addEventListener("change", async (event) => {
    const select = event.target.closest?.("select[data-vocabulary]");
    if (!select) return;
    wanted[select.dataset.vocabulary] = select.value;
    try {
      const reply = await fetch(`vocabularies/words?name=${encodeURIComponent(select.value)}`);
      const words = reply.ok ? await reply.json() : {};
      if (!words.error) Object.assign(kslr.config.signs, words);
    } catch { /* the page says by itself when the server is gone */ }
  });
  // The page that is opened first is announced before its parts are there: they are filled when they appear.
  const arriving = new MutationObserver(() => {
    const fresh = selects().filter((select) => !select.dataset.begun);
    fresh.forEach((select) => { select.dataset.begun = "1"; });
    if (fresh.length) fill();
    if (selects().length > 1) arriving.disconnect();
  });
  arriving.observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("kslr:page", (event) => { if (["live", "video"].includes(event.detail) && selects().length) fill(); });
})();
