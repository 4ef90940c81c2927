// The Classroom page: pictures to the server, figures of the group back, drawn as charts. The picture on the page is made
// here, from this browser's own camera, as blurred silhouettes; the server never says where anybody is.
(() => {
  const SIDE = 1280, QUALITY = 0.8, MOST_BYTES = 390_000;
  const { kslr } = window;
  const LINES = ["engagement", "facing", "valence"], MOODS = ["glad", "calm", "surprised", "troubled"];
  const STATUSES = ["running", "finished", "interrupted"];
  const DIRECTIONS = { left: "direction:-45,0", right: "direction:45,0" };
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const known = (value) => value !== null && value !== undefined;

  // --- Charts: SVG with classes, so that light and dark are the style sheet's matter.
  const LEFT = 46, RIGHT = 22, TOP = 10, BOTTOM = 26;
  let W = 860; // as wide as there is room, so that letters stay as large as they are
  const fit = (element) => { W = Math.max(320, Math.min(1200, element.clientWidth || 860)); };
  const frame = (windows, height, marks) => {
    const end = Math.max(10, ...windows.map((w) => w.end));
    const x = (seconds) => LEFT + ((W - LEFT - RIGHT) * Math.min(seconds, end)) / end;
    const y = (share) => TOP + (height - TOP - BOTTOM) * (1 - share);
    const apart = [10, 30, 60, 120, 300, 600, 1200, 3600].find((s) => end / s <= W / 95) || 7200;
    let out = windows.filter((w) => !known(w.least)).map((w) => `<rect class="gap" x="${x(w.start)}" y="${TOP}" width="${x(w.end) - x(w.start)}" height="${height - TOP - BOTTOM}"/>`).join("");
    for (const [label, share] of marks) out += `<line class="grid" x1="${LEFT}" x2="${W - RIGHT}" y1="${y(share)}" y2="${y(share)}"/><text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${label}</text>`;
    for (let s = 0; s <= end; s += apart) out += `<text x="${x(s)}" y="${height - 8}" text-anchor="middle">${clock(s)}</text>`;
    return { x, y, out };
  };
  const runs = (windows, name) => windows.reduce((all, w) => {
    const last = all[all.length - 1], before = last[last.length - 1];
    if (!known(w[name])) all.push([]); else if (before && w.start - before.end > 1) all.push([w]); else last.push(w);
    return all;
  }, [[]]).filter((run) => run.length);
  const middle = (w) => (w.start + w.end) / 2;
  const points = (list) => list.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ");
  const svg = (height, body, label) => `<svg class="chart" viewBox="0 0 ${W} ${height}" role="img" data-word-label="${label}">${body}</svg>`;
  const legend = (names, kind) => `<p class="legend">${names.map((name) => `<span class="key ${kind} ${name}"><i></i><span data-word="classroom.${name}"></span></span>`).join("")}</p>`;

  function lines(windows, moments) {
    const height = 280, { x, y, out } = frame(windows, height, [["1", 1], [".5", 0.5], ["0", 0]]);
    const share = (name, w) => (name === "valence" ? (w.valence + 1) / 2 : w[name]);
    let body = out;
    for (const run of runs(windows, "engagement")) {
      const upper = run.map((w) => [x(middle(w)), y(Math.min(1, w.engagement + w.margin))]);
      const lower = run.map((w) => [x(middle(w)), y(Math.max(0, w.engagement - w.margin))]).reverse();
      body += `<polygon class="margin" points="${points([...upper, ...lower])}"/>`;
    }
    for (const name of LINES) for (const run of runs(windows, name)) {
      const drawn = run.map((w) => [x(middle(w)), y(share(name, w))]);
      body += drawn.length > 1 ? `<polyline class="line ${name}" points="${points(drawn)}"/>` : `<circle class="dot ${name}" cx="${drawn[0][0]}" cy="${drawn[0][1]}" r="4"/>`;
    }
    for (const moment of moments) {
      const at = x(moment.seconds), late = at > W * 0.7;
      body += `<line class="moment" x1="${at}" x2="${at}" y1="${TOP}" y2="${height - BOTTOM}"/><text class="moment-text" x="${late ? at - 5 : at + 5}" y="${TOP + 13}" text-anchor="${late ? "end" : "start"}">${kslr.escape(moment.text.slice(0, 40))}</text>`;
    }
    return svg(height, body, "classroom.chart") + legend(LINES, "stroke");
  }

  function moods(windows) {
    const height = 160, { x, y, out } = frame(windows, height, [["1", 1], ["0", 0]]);
    let body = out;
    for (const w of windows) {
      const total = Math.max(1, MOODS.reduce((sum, mood) => sum + (w[mood] || 0), 0));
      let below = 0;
      for (const mood of MOODS) {
        const part = (w[mood] || 0) / total;
        if (part) body += `<rect class="mood ${mood}" x="${x(w.start)}" y="${y(below + part)}" width="${x(w.end) - x(w.start)}" height="${y(below) - y(below + part)}"/>`;
        below += part;
      }
    }
    return svg(height, body, "classroom.mood") + legend(MOODS, "fill");
  }

  const charts = (windows, moments) => (windows.length ? `<h3 data-word="classroom.chart"></h3>${lines(windows, moments)}<h3 data-word="classroom.mood"></h3>${moods(windows)}` : "");

  window.kslr.classroom = (element) => {
    const find = (name) => element.querySelector(`#class-${name}`);
    const video = find("video"), canvas = find("canvas"), grab = document.createElement("canvas"), tiny = document.createElement("canvas");
    const state = { on: false, ready: false, waiting: false, windows: [], moments: [], from: "camera", clock: 0 };
    const status = (key, values, bad) => { kslr.say(find("status"), key, values); find("status").classList.toggle("problem", Boolean(bad)); };

    // --- The gate
    const place = () => element.querySelector('[name="class-place"]:checked')?.value;
    const open = () => find("consent").checked && Boolean(place());
    function gate() {
      find("start").disabled = find("file").disabled = !open();
      find("file").parentElement.classList.toggle("off", !open());
      if (place() === "") status("classroom.refused", null, true); else if (!state.on) status(open() ? "classroom.open" : "classroom.closed");
    }
    function chosen() {
      const targets = [...element.querySelectorAll('[name="class-target"]:checked')].map((box) => DIRECTIONS[box.value] || box.value);
      const region = find("region").value.replace(/\s/g, "");
      if (region) targets.push(`region:${region}`);
      return { consent: find("consent").checked, place: place(), name: find("name").value, k: Number(find("k").value), targets };
    }

    // --- A session
    async function start(file) {
      if (!open() || state.on) return;
      status("live.connecting");
      Object.assign(state, { on: true, ready: false, waiting: false, windows: [], moments: [], from: file ? "file" : "camera", began: performance.now(), last: 0, clock: 0, stopped: null });
      try {
        if (file) {
          video.src = URL.createObjectURL(file);
          await new Promise((done, failed) => { video.onloadeddata = done; video.onerror = () => failed(new Error("file")); });
        } else {
          if (!window.isSecureContext || !navigator.mediaDevices) throw new Error("insecure");
          state.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "environment" } });
          state.stream.getVideoTracks()[0].onended = () => stop("live.lost");
          video.srcObject = state.stream;
          await video.play();
        }
      } catch (error) {
        drop();
        return status({ insecure: "live.insecure", file: "classroom.unplayable" }[error.message] || kslr.cameraProblem(error), null, true);
      }
      find("gate").hidden = true; find("room").hidden = false; find("compared").innerHTML = "";
      find("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
      find("stage").classList.add("on");
      show(null); redraw();
      const socket = state.socket = new WebSocket(new URL("classroom/live", document.baseURI).href.replace(/^http/, "ws"));
      socket.onopen = () => socket.send(JSON.stringify(chosen()));
      socket.onmessage = (event) => hear(JSON.parse(event.data));
      socket.onclose = () => { if (state.on && state.socket === socket) { drop(); status("classroom.cut", null, true); past(); } };
      state.timer = setInterval(preview, 200);
    }

    function stop(why) {
      if (!state.on) return;
      if (state.socket?.readyState === 1) state.socket.send("end"); else drop();
      state.stopped = why || "classroom.ended";
      status(state.stopped);
    }

    function drop() {
      clearInterval(state.timer);
      state.stream?.getTracks().forEach((track) => { track.onended = null; track.stop(); });
      if (state.from === "file" && video.src) URL.revokeObjectURL(video.src);
      video.removeAttribute("src"); video.srcObject = null;
      state.socket?.close();
      Object.assign(state, { on: false, ready: false, socket: null, stream: null });
      find("stage").classList.remove("on");
      find("gate").hidden = false; find("room").hidden = true;
    }

    function hear(reply) {
      if (reply.error) { drop(); return status(reply.error === "full" ? "classroom.full" : "classroom.not_begun", { why: reply.message || "" }, true); }
      if (reply.ready) {
        Object.assign(state, { ready: true, session: reply.session, rate: reply.rate, began: performance.now() });
        status("classroom.looking", { k: reply.k });
        past();
        return send();
      }
      if (reply.window) {
        if (!state.windows.length && !state.stopped) status("classroom.going");
        state.windows.push(reply.window); show(reply.window); redraw();
      }
      if (reply.ended) { drop(); status(state.stopped || "classroom.ended"); return past(); }
      state.waiting = false;
      element.dataset.looks = Number(element.dataset.looks || 0) + 1;
      next();
    }

    // The next picture as soon as the one before was looked at, but no more often than the rate: a slow machine looks at fewer.
    function next() {
      if (!state.on || !state.ready) return;
      if (state.from === "file") return send();
      setTimeout(send, Math.max(0, 1000 / state.rate - (performance.now() - state.sent)));
    }

    async function send() {
      if (!state.on || !state.ready || state.waiting || state.stopping) return;
      state.waiting = true;
      if (state.from === "file") {
        const at = state.clock;
        if (at >= video.duration - 0.05) { state.waiting = false; return stop(); }
        video.currentTime = at;
        await new Promise((done) => { video.onseeked = done; });
        state.clock = at + 1 / Math.min(state.rate, 2);
        state.seconds = at;
      } else state.seconds = (performance.now() - state.began) / 1000;
      const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
      grab.width = Math.round(video.videoWidth * scale); grab.height = Math.round(video.videoHeight * scale);
      grab.getContext("2d").drawImage(video, 0, 0, grab.width, grab.height);
      let blob = await new Promise((done) => grab.toBlob(done, "image/jpeg", QUALITY));
      if (blob.size > MOST_BYTES) blob = await new Promise((done) => grab.toBlob(done, "image/jpeg", 0.5));
      const head = new ArrayBuffer(8);
      new DataView(head).setFloat64(0, state.seconds, true);
      state.sent = performance.now();
      if (state.socket?.readyState === 1) state.socket.send(await new Blob([head, blob]).arrayBuffer());
    }

    // --- What is shown
    function preview() {
      if (!state.on || !video.videoWidth) return;
      const aim = find("aim").checked;
      find("stage").classList.toggle("aiming", aim);
      if (aim) return;
      // Brightness in three steps at 40 points across, then blurred: that somebody sits there, not who.
      tiny.width = 40; tiny.height = Math.max(1, Math.round((40 * video.videoHeight) / video.videoWidth));
      const small = tiny.getContext("2d", { willReadFrequently: true });
      small.drawImage(video, 0, 0, tiny.width, tiny.height);
      const pixels = small.getImageData(0, 0, tiny.width, tiny.height);
      for (let i = 0; i < pixels.data.length; i += 4) {
        const level = Math.round((0.3 * pixels.data[i] + 0.59 * pixels.data[i + 1] + 0.11 * pixels.data[i + 2]) / 128);
        [pixels.data[i], pixels.data[i + 1], pixels.data[i + 2]] = [[24, 40, 52], [64, 104, 122], [150, 190, 200]][level];
      }
      small.putImageData(pixels, 0, 0);
      canvas.width = 640; canvas.height = Math.round((640 * tiny.height) / tiny.width);
      const context = canvas.getContext("2d");
      context.filter = "blur(9px)"; context.imageSmoothingEnabled = true;
      context.drawImage(tiny, 0, 0, canvas.width, canvas.height);
    }

    function show(window_) {
      const number = (value) => (known(value) ? String(value) : "–");
      for (const name of ["engagement", "facing", "valence", "seen", "confidence"]) find(name).textContent = number(window_?.[name]);
      if (window_ && !known(window_.least)) kslr.say(find("faces"), "classroom.too_few");
      else { kslr.say(find("faces"), null); find("faces").textContent = window_ ? `${window_.least}–${window_.most}` : "–"; }
      find("rate").hidden = !window_;
      if (window_) kslr.say(find("rate"), "classroom.rate", { n: window_.rate });
    }
    function redraw() { fit(find("charts")); find("charts").innerHTML = charts(state.windows, state.moments); }

    find("note").addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = find("moment").value.trim();
      if (!text || !state.session) return;
      const moment = { seconds: Math.max(0, state.seconds || 0), text };
      const reply = await fetch(`classroom/sessions/${state.session}/moments`, { method: "POST", body: JSON.stringify(moment) });
      if (!reply.ok) return status("classroom.failed", null, true);
      state.moments.push(moment);
      find("moment").value = "";
      redraw();
    });

    // --- Past sessions
    async function past() {
      const reply = await fetch("classroom/sessions").catch(() => null);
      if (!reply?.ok) return;
      const sessions = await reply.json(), list = find("sessions");
      list.innerHTML = sessions.length ? "" : '<li class="empty" data-word="classroom.none"></li>';
      for (const session of sessions) {
        const item = document.createElement("li");
        const date = new Date(session.started), when = new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16).replace("T", " ");
        item.dataset.session = session.id;
        item.innerHTML = `<label class="switch"><input type="checkbox" data-compare></label>
          <span class="about"><b lang="">${kslr.escape(session.name || "–")}</b>
          <small>${when} · ${clock(session.seconds)} · <span data-word="classroom.${STATUSES.find((status) => status === session.status)}"></span> · k = ${session.k}</small></span>
          <span class="tools"><a class="quiet" target="_blank" rel="noopener" data-report data-word="classroom.report"></a>
          <a class="quiet" href="classroom/sessions/${session.id}/figures.csv" download>CSV</a>
          <button type="button" class="quiet" data-rename data-word="classroom.rename"></button>
          <button type="button" class="quiet" data-delete data-word="classroom.delete"></button></span>`;
        item.querySelector("input").lang = ""; // people name sessions in any language
        item.querySelector("input").setAttribute("aria-label", `${session.name} ${when}`.trim());
        list.append(item);
      }
      links(); compareable();
    }
    function links() {
      element.querySelectorAll("[data-report]").forEach((link) => { link.href = `classroom/sessions/${link.closest("li").dataset.session}/report.html?language=${kslr.language}`; });
    }
    const picked = () => [...element.querySelectorAll("[data-compare]:checked")].map((box) => box.closest("li").dataset.session);
    function compareable() { find("compare").disabled = picked().length < 1 || picked().length > 4; }

    async function compare() {
      const sessions = await Promise.all(picked().map(async (key) => (await fetch(`classroom/sessions/${key}`)).json()));
      fit(find("compared"));
      if (sessions.length > 1 && W > 860) W = (W - 18) / 2;
      find("compared").innerHTML = sessions.map((session) => `<article><h3 lang="">${kslr.escape(session.name || "–")}</h3>${session.windows.some((w) => known(w.least)) ? lines(session.windows, session.moments) + moods(session.windows) : '<p data-word="classroom.nothing"></p>'}</article>`).join("");
      find("compared").scrollIntoView({ block: "start" });
    }

    find("sessions").addEventListener("click", async (event) => {
      const item = event.target.closest("li"), about = item?.querySelector(".about");
      if (event.target.closest("[data-rename]")) {
        const input = Object.assign(document.createElement("input"), { type: "text", maxLength: 120, value: about.querySelector("b").textContent });
        input.setAttribute("aria-label", kslr.text("classroom.name"));
        about.querySelector("b").replaceWith(input);
        input.focus(); input.select();
        input.addEventListener("keydown", async (key) => {
          if (key.key === "Enter") await fetch(`classroom/sessions/${item.dataset.session}/name`, { method: "POST", body: JSON.stringify({ name: input.value }) });
          if (key.key === "Enter" || key.key === "Escape") past();
        });
      }
      const button = event.target.closest("[data-delete]");
      if (button && !button.dataset.sure) { button.dataset.sure = "1"; kslr.say(button, "classroom.sure"); button.classList.add("danger"); }
      else if (button) { await fetch(`classroom/sessions/${item.dataset.session}`, { method: "DELETE" }); find("compared").innerHTML = ""; past(); }
    });
    find("sessions").addEventListener("change", compareable);
    find("compare").addEventListener("click", compare);
    find("gate").addEventListener("change", gate);
    find("gate").addEventListener("submit", (event) => event.preventDefault());
    find("start").addEventListener("click", () => start());
    find("file").addEventListener("change", (event) => { const [file] = event.target.files; event.target.value = ""; if (file) start(file); });
    find("stop").addEventListener("click", () => stop());
    window.addEventListener("resize", () => { if (state.windows.length) redraw(); });
    document.addEventListener("kslr:language", links);
    document.addEventListener("kslr:page", (event) => { if (event.detail === "classroom") past(); else stop(); });
    window.addEventListener("pagehide", () => state.socket?.close());
    gate();
    if (document.body.dataset.page === "classroom") past();
  };
})();
