// The Teach page: recordings with a countdown, what the server makes of them, and the vocabulary that grows from them.
(() => {
  const { kslr } = window;
  const WANTED = 5, MOST_TRIES = 9, KEY = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const percent = (p) => `${Math.round(p * 100)} %`;
  const named = (sign) => kslr.attributes({ kk: sign.kk, ru: sign.ru, en: sign.en });

  // Asks the server; what it refuses is thrown as {key, values}.
  async function ask(path, body, type) {
    let reply;
    try {
      reply = await fetch(path, body === undefined ? {} : { method: "POST", body: type ? body : JSON.stringify(body) });
    } catch { throw { key: "video.failed", values: {} }; }
    if (!reply.ok) throw { key: "teach.failed", values: {} };
    const found = await reply.json();
    if (found.error) throw { key: found.error, values: found.values };
    return found;
  }

  // A skeleton that moves for as long as its canvas is on the page.
  function play(canvas, frames) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let n = still ? Math.floor(frames.length / 2) : 0;
    const step = () => {
      if (!canvas.isConnected) return;
      const context = canvas.getContext("2d");
      context.fillStyle = "#101418"; context.fillRect(0, 0, canvas.width, canvas.height);
      kslr.skeleton(context, canvas.width, canvas.height, frames[n % frames.length]);
      n += 1;
      if (!still) setTimeout(step, 90);
    };
    if (frames.length) requestAnimationFrame(step);
  }

  kslr.teach = (element) => {
    const find = (name) => element.querySelector(`#teach-${name}`);
    const state = { takes: [], overview: null, busy: false, stop: false, asked: null, made: 0 };
    const vocabulary = () => find("vocabulary").value;
    const note = (key, values, bad) => { kslr.say(find("note"), key, values); find("note").classList.toggle("problem", Boolean(bad)); };
    const tell = (key, values, bad) => { const p = find("said"); p.hidden = !key; kslr.say(p, key, values); p.classList.toggle("problem", Boolean(bad)); };
    const refused = (say) => (problem) => { if (!problem?.key) throw problem; say(problem.key, problem.values, true); };

    // Vocabularies
    async function list(chosen) {
      const all = await kslr.vocabularies();
      const own = all.filter((one) => !one.shipped);
      const options = own.map((one) => new Option(one.name, one.name, false, one.name === chosen));
      const none = new Option("", ""); none.dataset.word = "teach.choose";
      find("vocabulary").replaceChildren(none, ...options);
      if (!own.some((one) => one.name === chosen)) find("vocabulary").value = "";
    }
    async function open(name) {
      if (!name) { state.overview = null; return show(); }
      try { state.overview = await ask(`teach/vocabulary?name=${encodeURIComponent(name)}`); } catch (problem) { state.overview = null; refused(tell)(problem); }
      show();
    }
    const change = async (fields) => ask("teach/change", { vocabulary: vocabulary(), ...fields });

    function show() {
      const seen = state.overview;
      find("trying").hidden = !seen || seen.words.length < 2;
      find("words").innerHTML = seen ? overview(seen) : `<p class="message" data-word="teach.start_here"></p>`;
      todo(seen ? seen.todo : state.todo);
    }
    function overview(seen) {
      const byId = Object.fromEntries(seen.words.map((word) => [word.id, word]));
      const word = (id) => `<b ${named(byId[id] || { kk: id, ru: id, en: id })}></b>`;
      const label = (key, one) => `data-word-label="${key}" data-label-values="${kslr.escape(JSON.stringify({ word: one[kslr.language] }))}"`;
      const rows = seen.words.map((one) => `<tr><th scope="row"><span ${named(one)}></span></th><td>${one.recordings}</td>
        <td>${one.accuracy === null ? "–" : `<span class="sure ${one.accuracy >= 0.8 ? "high" : one.accuracy >= 0.5 ? "middle" : "low"}" style="--part:${one.accuracy * 100}%">${percent(one.accuracy)}</span>`}</td>
        <td class="tools"><button type="button" class="quiet" data-add="${one.id}" ${label("teach.add_label", one)}>+<span data-word="teach.add"></span></button>
        <button type="button" class="quiet" data-forget="${one.id}" ${label("teach.forget", one)}>✕</button></td></tr>`).join("");
      const pairs = [...seen.confused.map((pair) => `<li>${word(pair.right)} → ${word(pair.answered)}</li>`),
        ...seen.missed.map((pair) => `<li>${word(pair.right)} <span data-word="teach.missed"></span></li>`)].join("");
      return `<h3 class="name">${kslr.escape(seen.name)}</h3>
        ${seen.accuracy === null ? "" : `<div class="figures"><div class="figure"><span data-word="teach.accuracy"></span><b>${percent(seen.accuracy)}</b><small data-word="teach.accuracy_how"></small></div></div>`}
        ${seen.words.length ? "" : '<p class="message" data-word="teach.empty"></p>'}
        ${seen.words.length === 1 ? '<p class="message" data-word="teach.second_word"></p>' : ""}
        ${seen.advice.length && seen.words.length > 1 ? `<div class="message advice"><span data-word="teach.advice"></span> ${seen.advice.map((id) => `<button type="button" class="quiet" data-add="${id}"><span ${named(byId[id])}></span></button>`).join(" ")}</div>` : ""}
        ${pairs ? `<h4 data-word="teach.confused"></h4><ul class="pairs">${pairs}</ul>` : ""}
        ${rows ? `<div class="wide" tabindex="0"><table><thead><tr><th scope="col" data-word="teach.column_word"></th><th scope="col" data-word="teach.column_recordings"></th><th scope="col" data-word="teach.column_right"></th><td></td></tr></thead><tbody>${rows}</tbody></table></div>` : ""}
        <div class="downloads"><a class="quiet" href="teach/download?vocabulary=${encodeURIComponent(seen.name)}" download data-word="teach.download"></a>
        <a class="quiet" href="teach/download?vocabulary=${encodeURIComponent(seen.name)}&shown=false" download data-word="teach.download_plain"></a>
        <button type="button" class="quiet danger" data-delete="1" data-word="teach.delete"></button></div>
        <div class="message problem sure" id="teach-sure" role="alertdialog" hidden></div>`;
    }
    function todo(words) {
      find("todo").hidden = !words?.length;
      find("todo").querySelector("ul").innerHTML = (words || []).map((one) => `<li><button type="button" class="quiet" data-todo="${one.id}"><span ${named(one)}></span></button></li>`).join("");
    }
    // The three names of a word that is there or waits.
    function fill(word) {
      state.asked = word.id;
      for (const language of ["kk", "ru", "en"]) find(language).value = word[language];
      find("record").focus();
    }
    for (const language of ["kk", "ru", "en"]) find(language).addEventListener("input", () => { state.asked = null; });

    // Nothing is deleted before somebody has said yes.
    function sure(key, values, then) {
      const box = find("sure");
      box.hidden = false;
      box.innerHTML = `<p data-word="${key}" data-values="${kslr.escape(JSON.stringify(values))}"></p><button type="button" class="quiet danger" data-yes data-word="teach.yes"></button> <button type="button" class="quiet" data-no data-word="teach.no"></button>`;
      box.querySelector("[data-no]").onclick = () => { box.hidden = true; };
      box.querySelector("[data-yes]").onclick = () => then().catch(refused(tell));
      box.querySelector("[data-no]").focus();
      box.scrollIntoView({ block: "nearest" });
    }

    element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { add, forget, todo: wanted } = button.dataset;
      const word = (id) => state.overview?.words.find((one) => one.id === id);
      if (add) fill(word(add));
      if (wanted) fill((state.overview ? state.overview.todo : state.todo).find((one) => one.id === wanted));
      if (forget) sure("teach.sure_forget", { word: word(forget)[kslr.language] }, async () => {
        const values = { word: word(forget)[kslr.language] };
        state.overview = await change({ do: "forget", word: forget });
        show(); tell("teach.forgotten", values);
      });
      if (button.dataset.delete) sure("teach.sure_delete", { name: vocabulary() }, async () => {
        const name = vocabulary();
        await change({ do: "delete" });
        await list(); await open(""); tell("teach.deleted", { name }); kslr.vocabulariesChanged();
      });
    });
    find("vocabulary").addEventListener("change", () => { tell(null); open(vocabulary()); });
    find("new").addEventListener("click", () => { find("create").hidden = !find("create").hidden; if (!find("create").hidden) find("newname").focus(); });
    find("create").addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        state.overview = await ask("teach/change", { do: "create", vocabulary: find("newname").value });
        find("create").hidden = true; find("newname").value = "";
        await list(state.overview.name); show(); tell("teach.created", { name: state.overview.name }); find("kk").focus();
      } catch (problem) { refused(tell)(problem); }
    });
    find("upload").addEventListener("click", () => find("file").click());
    find("file").addEventListener("change", async () => {
      const file = find("file").files[0];
      find("file").value = "";
      if (!file) return;
      try {
        state.overview = await ask(`teach/upload?name=${encodeURIComponent(file.name.replace(/\.npz$/i, ""))}`, file, "file");
        await list(state.overview.name); show(); tell("teach.uploaded", { name: state.overview.name }); kslr.vocabulariesChanged();
      } catch (problem) { refused(tell)(problem); }
    });

    // Takes
    const usable = () => state.takes.filter((take) => take.use);
    function told() {
      const waiting = state.takes.filter((take) => !take.seen && !take.problem).length;
      const ready = usable().length;
      find("go").hidden = !ready;
      if (waiting) note("teach.watching", { n: waiting });
      else if (!state.busy && state.takes.length) note(ready ? "teach.ready" : "teach.none_good", { n: ready }, !ready);
      kslr.say(find("record"), ready >= WANTED || state.takes.length >= WANTED ? "teach.more_take" : "teach.record");
    }
    function card(take) {
      const { seen, problem } = take, li = take.element;
      const text = problem ? `<span class="bad" data-word="${problem.key}" data-values="${kslr.escape(JSON.stringify(problem.values || {}))}"></span>`
        : !seen ? '<span data-word="teach.checking"></span>'
        : seen.problems.length ? `<span class="bad" data-word="take.${seen.problems[0]}"></span>`
        : `<span class="good"><span aria-hidden="true">✓</span> <span data-word="teach.good" data-values='${JSON.stringify({ s: seen.seconds.toFixed(1) })}'></span></span>`;
      const file = (kind, face) => `teach/recording?session=${KEY}&take=${seen.take}&kind=${kind}&face=${face}`;
      li.className = seen && !seen.problems.length ? "fine" : problem || seen ? "poor" : "";
      li.innerHTML = `<canvas width="144" height="108" aria-hidden="true"></canvas><div><p><b data-word="teach.take_n" data-values='{"n":${take.n}}'></b> ${take.file ? `<small>${kslr.escape(take.file)}</small>` : ""}</p><p>${text}</p>
        ${seen?.usable ? `<p class="tools"><label class="switch"><input type="checkbox" data-use ${take.use ? "checked" : ""}><span data-word="teach.use"></span></label></p>
          <details><summary data-word="teach.landmarks"></summary><p class="tools">${[["npz", true], ["pose", true], ["npz", false], ["pose", false]].map(([kind, face]) =>
            `<a class="quiet" href="${file(kind, face)}" download>.${kind}${face ? "" : '&nbsp;<small data-word="teach.without_face"></small>'}</a>`).join("")}</p></details>` : ""}</div>
        <button type="button" class="quiet" data-drop data-word-label="teach.drop">✕</button>`;
      if (seen?.frames.length) { const canvas = li.querySelector("canvas"); canvas.height = Math.min(144, Math.round(canvas.width / seen.aspect)); play(canvas, seen.frames); }
      li.querySelector("[data-drop]").onclick = () => drop([take]);
      const box = li.querySelector("[data-use]");
      if (box) box.onchange = () => { take.use = box.checked; told(); };
    }
    function drop(takes) {
      const keys = takes.map((take) => take.seen?.take).filter(Boolean);
      state.takes = state.takes.filter((take) => !takes.includes(take));
      takes.forEach((take) => take.element.remove());
      if (keys.length) ask("teach/change", { do: "drop", session: KEY, takes: keys }).catch(() => {});
      if (!state.takes.length) { state.made = 0; note(null); }
      told();
    }
    async function send(blob, name, trimmed) {
      const take = { n: ++state.made, file: trimmed ? name : "", element: document.createElement("li"), use: false };
      state.takes.push(take);
      find("takes").append(take.element);
      card(take); told();
      try {
        take.seen = await ask(`teach/take?session=${KEY}&name=${encodeURIComponent(name)}&trimmed=${trimmed}`, blob, "file");
        take.use = take.seen.usable && !take.seen.problems.length;
        // Somebody who chose a clip chose it as it is: what can be learnt from is taken, and what is poor is said.
        if (trimmed && take.seen.usable) take.use = true;
      } catch (problem) { if (!problem?.key) throw problem; take.problem = problem; }
      if (state.takes.includes(take)) { card(take); told(); }
      return take;
    }

    // Records from a stream: 3-2-1, then so many seconds.
    async function shoot(stream, count, seconds, n) {
      for (const left of [3, 2, 1]) { kslr.say(count, "teach.get_ready", { take: n, n: left }); await wait(1000); if (state.stop) return null; }
      const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find((t) => MediaRecorder.isTypeSupported(t));
      const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 2500000 }), parts = [];
      recorder.ondataavailable = (event) => parts.push(event.data);
      const stopped = new Promise((done) => { recorder.onstop = done; });
      recorder.start();
      for (let left = seconds; left > 0 && !state.stop; left--) { kslr.say(count, "teach.recording", { n: left }); await wait(1000); }
      recorder.stop();
      await stopped;
      kslr.say(count, null);
      return state.stop ? null : { blob: new Blob(parts, { type }), name: `take${n}.${type.includes("mp4") ? "mp4" : "webm"}` };
    }
    async function camera(stage, say) {
      if (!window.MediaRecorder || !navigator.mediaDevices) { say(window.isSecureContext ? "video.no_recorder" : "live.insecure", null, true); return null; }
      try {
        const stream = await kslr.camera();
        const video = stage.querySelector("video");
        stage.hidden = false; stage.classList.add("on");
        video.srcObject = stream;
        await video.play();
        return stream;
      } catch (error) { say(kslr.cameraProblem(error), null, true); return null; }
    }
    function off(stage, stream) {
      stream?.getTracks().forEach((track) => track.stop());
      stage.classList.remove("on");
      stage.querySelector("video").srcObject = null;
      kslr.say(stage.querySelector(".count"), null);
    }

    // Until five takes are good, or somebody stops it; with five there, one more.
    async function series() {
      if (state.busy) return;
      const stream = await camera(find("stage"), note);
      if (!stream) return;
      Object.assign(state, { busy: true, stop: false });
      find("record").disabled = true; find("stop").hidden = false;
      note(null);
      const goal = usable().length >= WANTED ? usable().length + 1 : WANTED;
      const once = state.takes.length >= WANTED;
      const pending = [];
      try {
        for (let tries = 0; tries < (once ? 1 : MOST_TRIES) && !state.stop; tries++) {
          const shot = await shoot(stream, find("count"), Number(find("length").value), state.made + 1);
          if (!shot) break;
          pending.push(send(shot.blob, shot.name, false));
          // While the next one is recorded this one is watched; only when enough may be good already is it waited for.
          if (state.takes.filter((take) => take.use || (!take.seen && !take.problem)).length >= goal) {
            await Promise.all(pending);
            if (usable().length >= goal) break;
          }
        }
        await Promise.all(pending);
      } finally {
        off(find("stage"), stream);
        state.busy = false;
        find("record").disabled = false; find("stop").hidden = true;
        told();
        if (!find("go").hidden) find("learn").focus();
      }
    }
    find("record").addEventListener("click", series);
    find("stop").addEventListener("click", () => { state.stop = true; });
    kslr.dropzone(find("drop"), find("clips"), async (files) => { for (const file of files.slice(0, 20)) await send(file, file.name, true); });

    find("learn").addEventListener("click", async () => {
      if (!vocabulary()) { find("vocabulary").focus(); return note("teach.no_vocabulary_chosen", null, true); }
      const names = Object.fromEntries(["kk", "ru", "en"].map((language) => [language, find(language).value.trim()]));
      if (!names.kk && !names.ru && !names.en) { find("kk").focus(); return note("teach.no_word", null, true); }
      find("learn").disabled = true;
      note("teach.learning");
      try {
        const chosen = usable();
        state.overview = await ask("teach/word", { session: KEY, vocabulary: vocabulary(), word: state.asked || "", face: find("face").checked, takes: chosen.map((take) => take.seen.take), ...names });
        drop(state.takes);
        show();
        const word = state.overview.words.find((one) => one.id === state.overview.word);
        tell("teach.taught", { word: word[kslr.language], n: word.recordings });
        find("said").scrollIntoView({ block: "nearest" });
        for (const language of ["kk", "ru", "en"]) find(language).value = "";
        state.asked = null;
        kslr.vocabulariesChanged();
      } catch (problem) { refused(note)(problem); } finally { find("learn").disabled = false; }
    });

    // Trying
    const tryNote = (key, values, bad) => { kslr.say(find("trynote"), key, values); find("trynote").classList.toggle("problem", Boolean(bad)); };
    async function tryIt(blob, name) {
      tryNote("teach.reading");
      find("answer").hidden = true;
      try {
        const found = await ask(`teach/try?vocabulary=${encodeURIComponent(vocabulary())}&name=${encodeURIComponent(name)}`, blob, "file");
        find("answer").innerHTML = found.words.length ? found.words.map((word) => answer(word, found.signs)).join("")
          : `<p class="waiting" data-word="teach.unsure"></p><p class="note" data-word="${found.nobody ? "hint.nobody" : "teach.unsure_why"}"></p>`;
        find("answer").hidden = false;
        tryNote(null);
      } catch (problem) { refused(tryNote)(problem); }
    }
    const answer = (word, signs) => `<p class="big" ${named(word.sign)}></p><p class="side">${word.emotion_probabilities ? kslr.emotion(word.emotion) : ""}<span class="sure">${percent(word.sign_probability)}</span></p>
      <details><summary data-word="teach.also"></summary>${word.alternatives.slice(1).map(({ id, probability }) => `<span class="other"><span ${named(signs[id] || { kk: id, ru: id, en: id })}></span> ${percent(probability)}</span>`).join("")}</details>`;
    find("trycamera").addEventListener("click", async () => {
      if (state.busy) return;
      const stage = find("trystage"), stream = await camera(stage, tryNote);
      if (!stream) return;
      Object.assign(state, { busy: true, stop: false });
      find("trycamera").disabled = true;
      let shot = null;
      try { shot = await shoot(stream, stage.querySelector(".count"), Number(find("length").value), 1); } finally {
        off(stage, stream); stage.hidden = true; state.busy = false; find("trycamera").disabled = false;
      }
      if (shot) tryIt(shot.blob, shot.name);
    });
    find("tryfile").addEventListener("change", () => { const file = find("tryfile").files[0]; find("tryfile").value = ""; if (file) tryIt(file, file.name); });
    find("live").addEventListener("click", () => { kslr.chooseVocabulary("live", vocabulary()); document.querySelector("nav [data-goto=live]").click(); });

    let begun = false;
    async function begin() {
      if (begun) return;
      begun = true;
      try { state.todo = await ask("teach/todo"); await list(vocabulary()); } catch (problem) { begun = false; refused(tell)(problem); }
      show();
    }
    document.addEventListener("kslr:page", (event) => { if (event.detail === "teach") begin(); else state.stop = true; });
    document.addEventListener("kslr:language", () => { if (begun) show(); });
    addEventListener("pagehide", () => { if (state.takes.length) navigator.sendBeacon("teach/change", JSON.stringify({ do: "drop", session: KEY })); });
    if (document.body.dataset.page === "teach") begin();
  };
})();
