// The Practice page: an example that moves, one's own sign beside it, and both over each other.
(() => {
  const { kslr } = window;
  const { config } = kslr;
  const COLOURS = { example: "#8fd0ff", own: "#ffb000", mark: "#ff6b5e" };
  const BODY = [[3, 4], [3, 5], [5, 7], [4, 6], [6, 8]]; // shoulders, upper arms, forearms
  const HANDS = [9, 30], HEIGHT = 3.5, ABOVE = 1.55; // shoulder widths that the picture is high, and how many lie above the shoulders
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // Draws figures over each other and plays them. layers: [{points, look}] with points (frames, points, [x, y] in hundredths).
  class Player {
    constructor(canvas, controls) {
      Object.assign(this, { canvas, layers: [], times: [0], marks: [], at: 0, playing: false, last: 0 });
      const find = (name) => controls.querySelector(`[data-${name}]`);
      [this.button, this.speed, this.mirror, this.range] = ["play", "speed", "mirror", "seek-range"].map(find);
      this.button.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
      this.mirror.addEventListener("change", () => this.draw());
      this.range.addEventListener("input", () => { this.pause(); this.seek(this.begin + (this.range.value / 100) * this.length); });
    }
    get begin() { return this.times[0]; }
    get length() { return Math.max(this.times[this.times.length - 1] - this.begin, 0.01); }
    show(times, layers, marks = []) {
      Object.assign(this, { times, layers, marks });
      this.seek(this.begin);
      if (still.matches) this.pause(); else this.play();
    }
    play() {
      kslr.say(this.button, "practice.pause");
      if (this.playing) return;
      this.playing = true; this.last = performance.now();
      requestAnimationFrame((now) => this.tick(now));
    }
    pause() { this.playing = false; kslr.say(this.button, "practice.play"); }
    tick(now) {
      if (!this.playing) return;
      if (!this.canvas.isConnected) { this.playing = false; return; }
      if (this.canvas.offsetParent) { // not while another page is shown
        let next = this.at + ((now - this.last) / 1000) * Number(this.speed.value);
        if (next > this.begin + this.length + 0.5) next = this.begin; // a short rest at the end, then again
        this.seek(next);
      }
      this.last = now;
      requestAnimationFrame((later) => this.tick(later));
    }
    seek(seconds) {
      this.at = seconds;
      this.range.value = Math.min(100, (100 * (seconds - this.begin)) / this.length);
      this.canvas.dataset.seconds = Math.min(seconds, this.begin + this.length).toFixed(2);
      this.draw();
    }
    draw() {
      const box = this.canvas.getBoundingClientRect(), dense = Math.min(2, devicePixelRatio || 1);
      if (!box.width) return;
      this.canvas.width = Math.round(box.width * dense); this.canvas.height = Math.round(box.height * dense);
      const [width, height] = [this.canvas.width, this.canvas.height], unit = height / HEIGHT / 100, flip = this.mirror.checked ? -1 : 1;
      const context = this.canvas.getContext("2d");
      context.lineCap = context.lineJoin = "round";
      const place = ([x, y]) => [width / 2 + flip * x * unit, height * (ABOVE / HEIGHT) - y * unit];
      let frame = this.times.findIndex((time) => time >= this.at - 1e-6);
      if (frame < 0) frame = this.times.length - 1;
      const spots = this.layers.map((layer) => this.figure(context, place, layer, layer.points[frame], height));
      this.marks.forEach((mark) => { if (Math.abs(mark.seconds - this.times[frame]) < 0.15) this.ring(context, spots, mark.hand, height); });
    }
    figure(context, place, { look }, points, height) {
      const thick = Math.max(2, height / 130) * (look === "example" && this.layers.length > 1 ? 1.9 : 1);
      context.strokeStyle = context.fillStyle = COLOURS[look];
      context.globalAlpha = look === "example" && this.layers.length > 1 ? 0.75 : 1;
      const line = (run, size) => {
        if (run.some((point) => !point)) return;
        context.lineWidth = size; context.beginPath();
        run.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...place(point)));
        context.stroke();
      };
      for (const [a, b] of BODY) line([points[a], points[b]], thick);
      const [left, right] = [points[3], points[4]];
      if (left && right) { // the trunk, as a hint of the body
        line([left, [left[0] * 0.75, -190]], thick * 0.6);
        line([right, [right[0] * 0.75, -190]], thick * 0.6);
      }
      const [nose, ear, other] = points;
      if (nose) {
        const radius = ear && other ? Math.min(45, Math.max(22, Math.hypot(ear[0] - other[0], ear[1] - other[1]) * 0.62)) : 32;
        const [x, y] = place([nose[0], nose[1] + 4]), [edge] = place([nose[0] + radius, 0]);
        context.lineWidth = thick; context.beginPath(); context.ellipse(x, y, Math.abs(edge - x), Math.abs(edge - x) * 1.25, 0, 0, 7); context.stroke();
      }
      const spots = HANDS.map((first, side) => {
        const hand = points.slice(first, first + 21);
        if (hand[0]) {
          for (const [a, b] of config.hand) line([hand[a], hand[b]], thick * 0.8);
          return place(hand[9]);
        }
        return points[7 + side] && points[7 + side][1] > -150 ? place(points[7 + side]) : null;
      });
      context.globalAlpha = 1;
      return spots;
    }
    // The hand that deviates: a ring about it, and an arrow to where the example's is.
    ring(context, spots, hand, height) {
      const example = spots[0]?.[hand], own = spots[1]?.[hand], at = own || example;
      if (!at) return;
      const size = height / 11;
      context.strokeStyle = context.fillStyle = COLOURS.mark; context.lineWidth = Math.max(3, height / 110);
      context.beginPath(); context.arc(...at, size, 0, 7); context.stroke();
      if (!own || !example) return;
      const [dx, dy] = [example[0] - own[0], example[1] - own[1]], far = Math.hypot(dx, dy);
      if (far < size * 0.5) return;
      const [x, y] = [dx / far, dy / far], tip = size * 0.35;
      context.beginPath(); context.moveTo(...own); context.lineTo(...example); context.stroke();
      context.beginPath(); context.moveTo(...example);
      context.lineTo(example[0] - tip * (x + y * 0.6), example[1] - tip * (y - x * 0.6));
      context.lineTo(example[0] - tip * (x - y * 0.6), example[1] - tip * (y + x * 0.6));
      context.fill();
    }
  }

  kslr.practice = (element, trigger, upload, server) => {
    const find = (name) => element.querySelector(`#practice-${name}`);
    const page = element.closest("#page-practice"), result = page.querySelector("#practice-result");
    const [note, vocabularySelect, wordSelect, stage, video, count, signButton, file] = ["note", "vocabulary", "word", "stage", "video", "count", "sign", "file"].map(find);
    const player = new Player(find("example"), find("player"));
    const say = (key, values, bad) => { kslr.say(note, key, values); note.classList.toggle("problem", Boolean(bad)); };
    let vocabularies = [], seconds = 2, recording = null, old;

    async function refresh() {
      try { vocabularies = await server.practice_words(""); } catch { return; }
      find("none").hidden = vocabularies.length > 0;
      find("room").hidden = !vocabularies.length;
      const [name, word] = [vocabularySelect.value, wordSelect.value];
      vocabularySelect.replaceChildren(...vocabularies.map((one) => new Option(one.name, one.name, false, one.name === name)));
      words(word);
    }

    function words(kept) {
      const chosen = vocabularies.find((one) => one.name === vocabularySelect.value);
      wordSelect.replaceChildren(...(chosen?.words || []).map((word) => {
        const option = new Option("", word.id, false, word.id === kept);
        for (const language of Object.keys(config.languages)) option.dataset[language] = word[language];
        option.textContent = word[kslr.language];
        return option;
      }));
      if (wordSelect.value) example();
    }

    async function example() {
      clear();
      const asked = [vocabularySelect.value, wordSelect.value];
      let reply;
      try { reply = await server.example(asked); } catch { reply = { problem: "video.failed" }; }
      if (asked[0] !== vocabularySelect.value || asked[1] !== wordSelect.value) return;
      if (reply.problem) return say(reply.problem, null, true);
      seconds = reply.seconds;
      player.show(reply.points.map((_, i) => (i * seconds) / Math.max(1, reply.points.length - 1)), [{ points: reply.points, look: "example" }]);
    }

    const run = () => result.querySelector("[data-run]")?.dataset.run;
    function clear() { page.classList.add("fresh"); old = run(); say(null); }

    async function send(chosen) {
      clear();
      if (!chosen) return;
      if (!/\.(mp4|avi|mov|mkv|webm|m4v|npz|pose)$/i.test(chosen.name)) return say("practice.format", null, true);
      if (!chosen.size) return say("video.empty", null, true);
      if (chosen.size > Number(file.closest("label").dataset.megabytes) * 1e6) return say("video.large", { size: file.closest("label").dataset.megabytes }, true);
      say("video.sending");
      let sent;
      try { sent = await upload(chosen); } catch { return say("video.failed", null, true); }
      say("practice.comparing");
      trigger("submit", { path: sent.path, vocabulary: vocabularySelect.value, word: wordSelect.value });
    }

    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    const stop = () => { if (recording) recording.cancelled = true; };
    async function record() {
      if (recording) { recording.finish?.(); return; } // pressed again: done signing
      if (!window.MediaRecorder || !navigator.mediaDevices) return say(window.isSecureContext ? "video.no_recorder" : "live.insecure", null, true);
      clear();
      const own = (recording = { cancelled: false });
      let stream;
      try { stream = await kslr.camera(); } catch (error) { recording = null; return say(kslr.cameraProblem(error), null, true); }
      try {
        video.srcObject = stream;
        await video.play();
        stage.classList.add("on");
        stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
        for (const n of [3, 2, 1]) { kslr.say(count, "video.get_ready", { n }); await wait(1000); if (own.cancelled) return; }
        const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find((t) => MediaRecorder.isTypeSupported(t));
        const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 2500000 }), parts = [];
        recorder.ondataavailable = (event) => parts.push(event.data);
        const stopped = new Promise((done) => { recorder.onstop = done; });
        const pressed = new Promise((done) => { own.finish = done; });
        recorder.start();
        kslr.say(signButton, "practice.done");
        kslr.say(count, "practice.now");
        await Promise.race([pressed, wait(1000 * Math.min(8, Math.max(3, 1.6 * seconds + 1.5)))]);
        recorder.stop();
        await stopped;
        if (own.cancelled) return;
        send(new File(parts, `kslr.${type.includes("mp4") ? "mp4" : "webm"}`, { type }));
      } finally {
        stream.getTracks().forEach((track) => track.stop());
        video.srcObject = null;
        stage.classList.remove("on");
        kslr.say(count, null);
        kslr.say(signButton, "practice.sign");
        recording = null;
      }
    }

    // A new result from the server.
    function shown() {
      if (run() === old) return; // it is still the result before
      if (["practice.comparing", "video.sending"].includes(note.dataset.word)) say(null);
      page.classList.remove("fresh");
      const section = result.querySelector("[data-practice]");
      if (!section || section.dataset.begun) return;
      section.dataset.begun = "1";
      const data = JSON.parse(section.dataset.practice);
      const both = new Player(section.querySelector("canvas"), section.querySelector(".player"));
      both.show(data.seconds, [{ points: data.example, look: "example" }, { points: data.own, look: "own" }], data.marks);
      if (data.marks.length) { both.pause(); both.seek(data.marks[0].seconds); }
      course(section.querySelector(".course svg"), data);
      section.addEventListener("click", (event) => {
        const seek = event.target.closest("[data-seek]");
        if (seek) { both.pause(); both.seek(Number(seek.dataset.seek)); }
      });
      section.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    }

    // How far each hand is off over time: the line of the hand that is marked is the thicker one.
    function course(svg, { seconds: times, course: rows, marks }) {
      const most = Math.max(1, ...rows.flat()), [begin, end] = [times[0], times[times.length - 1]];
      const x = (time) => (100 * (time - begin)) / Math.max(end - begin, 0.01), y = (value) => 38 - (36 * value) / most;
      svg.innerHTML = rows.map((row, hand) => `<polyline class="${marks.some((mark) => mark.hand === hand) ? "marked" : ""}" points="${row.map((value, i) => `${x(times[i]).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`).join("")
        + marks.map((mark) => `<line x1="${x(mark.seconds)}" x2="${x(mark.seconds)}" y1="0" y2="40"/>`).join("");
    }

    vocabularySelect.addEventListener("change", () => words());
    wordSelect.addEventListener("change", example);
    signButton.addEventListener("click", record);
    file.addEventListener("change", () => { send(file.files[0]); file.value = ""; });
    page.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) { trigger("stop"); clear(); say("video.cancelled"); }
      if (event.target.closest("[data-goto-teach]")) { event.preventDefault(); document.querySelector('[data-goto="teach"]')?.click(); }
    });
    document.addEventListener("kslr:page", (event) => { if (event.detail === "practice") refresh(); else stop(); });
    window.addEventListener("resize", () => player.draw());
    kslr.whenChanged(result, shown);
    if (document.body.dataset.page === "practice") refresh();
  };
})();
