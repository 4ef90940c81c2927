// The Live page: camera pictures to the server, points and words back, drawn over the camera's own picture.
(() => {
  const MOST_IN_FLIGHT = 2, SIDE = 640, QUALITY = 0.8, RETRIES = 5;
  const { config } = window.kslr;
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] || 0;

  // A way to the server: give(bytes) sends one picture, heard(reply) is called with each answer.
  class Socket {
    constructor(heard, closed, signs) {
      this.socket = new WebSocket(new URL(`live?signs=${encodeURIComponent(signs)}`, document.baseURI).href.replace(/^http/, "ws"));
      this.socket.binaryType = "arraybuffer";
      this.socket.onmessage = (event) => heard(JSON.parse(event.data));
      this.socket.onclose = () => closed();
    }
    give(bytes) { this.socket.send(bytes); }
    end() { if (this.socket.readyState === 1) this.socket.send("end"); }
    calm(on) { if (this.socket.readyState === 1) this.socket.send(on ? "calm" : "calm off"); }
    close() { this.socket.onclose = null; this.socket.close(); }
  }

  // Where sockets are refused, the same messages go one by one by POST.
  class Post {
    constructor(heard, closed, signs) {
      this.signs = encodeURIComponent(signs);
      this.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
      this.heard = heard; this.closed = closed; this.turn = Promise.resolve();
      queueMicrotask(() => heard({ ready: true }));
    }
    give(bytes) {
      this.turn = this.turn.then(() => fetch(`live/frame?session=${this.key}&signs=${this.signs}`, { method: "POST", body: bytes }))
        .then((reply) => { if (!reply.ok) throw new Error(reply.status); return reply.json(); })
        .then((reply) => this.heard(reply)).catch(() => this.closed());
    }
    end() { this.heard({ ended: true, words: [] }); }
    calm(on) {
      this.turn = this.turn.then(() => fetch(`live/calm?session=${this.key}&on=${on}`, { method: "POST" }))
        .then((reply) => reply.json()).then((reply) => this.heard(reply)).catch(() => this.closed());
    }
    close() { this.closed = () => {}; this.heard = () => {}; navigator.sendBeacon(`live/end?session=${this.key}`); }
  }

  // Draws what was seen in a frame: thousandths of the width and height.
  window.kslr.skeleton = (context, width, height, seen) => {
    const at = (point) => [(point[0] * width) / 1000, (point[1] * height) / 1000];
    const line = (points, colour, thick) => {
      context.strokeStyle = colour; context.lineWidth = thick; context.beginPath();
      points.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...at(point)));
      context.stroke();
    };
    const { colours } = config, thick = Math.max(height < 200 ? 1.2 : 2, height / 200);
    context.lineCap = context.lineJoin = "round";
    if (seen.face) for (const run of config.face) line(run.map((i) => seen.face[i]), colours.face, 1.5);
    if (seen.pose) for (const [a, b] of config.pose) if (seen.pose[a][2] && seen.pose[b][2]) line([seen.pose[a], seen.pose[b]], colours.pose, thick);
    for (const part of ["left_hand", "right_hand"]) {
      if (!seen[part]) continue;
      for (const [a, b] of config.hand) line([seen[part][a], seen[part][b]], colours[part], thick);
      context.fillStyle = colours[part];
      for (const point of seen[part]) { context.beginPath(); context.arc(...at(point), thick + 0.5, 0, 7); context.fill(); }
    }
  };

  window.kslr.live = (element) => {
    const find = (name) => element.querySelector(`#live-${name}`);
    const { kslr } = window;
    const [video, canvas, stage] = [find("video"), find("canvas"), find("stage")];
    const grab = document.createElement("canvas");
    const state = { on: false, ready: false, way: null, inFlight: [], delays: [], arrivals: [], tries: 0, post: false, faces: [], last: null, turn: Promise.resolve() };
    const transcript = window.kslr.transcript(element, () => state.started);

    const status = (key, values) => kslr.say(find("status"), key, values);
    const hint = (key) => { kslr.say(find("hint"), key ? `hint.${key}` : null); };

    async function start() {
      if (!window.isSecureContext || !navigator.mediaDevices) return status("live.insecure");
      status("live.connecting");
      try { state.stream = await kslr.camera(find("camera").value); } catch (error) { return status(kslr.cameraProblem(error)); }
      state.stream.getVideoTracks()[0].onended = () => { stop(); status("live.lost"); };
      video.srcObject = state.stream;
      await video.play();
      stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
      Object.assign(state, { on: true, tries: 0, started: performance.now(), signs: kslr.chosenVocabulary("live"), calm: false });
      find("calm").hidden = false; kslr.say(find("calm"), "live.calm");
      stage.classList.add("on");
      kslr.say(find("start"), "live.stop");
      list();
      connect();
      tick();
    }

    function stop() {
      state.on = state.ready = false;
      if (state.way) { state.way.end(); const way = state.way; setTimeout(() => way.close(), 400); state.way = null; }
      if (state.stream) state.stream.getTracks().forEach((track) => { track.onended = null; track.stop(); });
      video.srcObject = null;
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      stage.classList.remove("on");
      hint(null); guess(null); find("speed").hidden = true; find("face").hidden = true; find("calm").hidden = true; find("top5").hidden = true;
      kslr.say(find("start"), "live.start");
      status("live.off");
    }

    async function list() {
      const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
      const select = find("camera"), current = state.stream?.getVideoTracks()[0].getSettings().deviceId;
      select.hidden = cameras.length < 2;
      select.replaceChildren(...cameras.map((camera, n) => {
        const option = new Option(camera.label || kslr.text("live.camera_n", { n: n + 1 }), camera.deviceId);
        option.selected = camera.deviceId === current;
        return option;
      }));
    }

    function connect() {
      Object.assign(state, { ready: false, inFlight: [] });
      let opened = false;
      let way = null;
      const heard = (reply) => {
        opened = opened || reply.ready;
        if (state.way === way) hear(reply); else if (reply.words) transcript.add(reply.words);
      };
      const closed = () => {
        if (!state.on || state.way !== way) return;
        state.ready = false;
        if (!opened && !state.post && state.tries >= 1) state.post = true; // twice refused: the other way
        if (++state.tries > RETRIES) { stop(); return status("live.gone"); }
        status("live.cut");
        setTimeout(() => state.on && connect(), 300 * 2 ** state.tries);
      };
      way = state.way = state.post ? new Post(heard, closed, state.signs) : new Socket(heard, closed, state.signs);
    }

    function hear(reply) {
      if (reply.error) {
        stop();
        return status({ full: "live.full", vocabulary: "live.vocabulary_failed" }[reply.error] || "live.refused", { n: reply.places });
      }
      if (reply.words) transcript.add(reply.words);
      if (reply.ended || !state.on) return;
      if ("calm" in reply) return calmed(reply.calm);
      if (reply.ready) { state.ready = true; state.tries = 0; return status("live.ready"); }
      // An answer also settles the pictures before its own: the server leaves out those that have become old.
      const now = performance.now(), sent = state.inFlight.find((one) => one.seconds === reply.seconds)?.now ?? now;
      state.inFlight = state.inFlight.filter((one) => one.seconds > reply.seconds);
      state.delays = [...state.delays.slice(-29), now - sent];
      state.arrivals = [...state.arrivals.slice(-29), now];
      const fps = (state.arrivals.length - 1) / ((now - state.arrivals[0]) / 1000 || 1);
      find("speed").hidden = false;
      kslr.say(find("speed"), "live.speed", { fps: Math.round(fps), ms: Math.round(median(state.delays)) });
      hint(reply.hint);
      if (performance.now() > (state.telling || 0)) status(reply.signing ? "live.signing" : "live.ready");
      guess(reply.guess);
      likeliest(reply);
      state.last = reply;
      stage.dataset.frames = Number(stage.dataset.frames || 0) + 1;
      face(reply.emotion);
      draw();
    }

    // What the sign under way looks like so far: grey, and not read aloud by screen readers, because it may change.
    function guess(word) {
      const sign = word && window.kslr.config.signs[word.id];
      find("guess").innerHTML = sign ? `<span ${kslr.attributes(sign)}></span> …` : "";
    }

    // The five likeliest words of the sign under way, else of the last one; for who asks.
    function likeliest(reply) {
      const five = reply.guess?.top5 || reply.words?.at(-1)?.alternatives;
      if (!five) return;
      find("top5").hidden = false;
      if (!find("top5").open) { state.five = five; return; }
      five_shown(five);
    }
    function five_shown(five) {
      find("top5").querySelector("ul").innerHTML = five.map(({ id, probability }) => `<li><b ${kslr.attributes(kslr.config.signs[id] || { kk: id, ru: id, en: id })}></b> <span class="sure">${Math.round(probability * 100)} %</span></li>`).join("");
    }

    // Three seconds with a calm face and the hands down; emotions are read against it from then on.
    const tell = (key, values) => { state.telling = performance.now() + 4000; status(key, values); };
    async function calm() {
      if (!state.ready || state.counting) return;
      if (state.calm) return state.way.calm(false);
      state.counting = true;
      for (const n of [3, 2, 1]) { tell("live.calm_count", { n }); await new Promise((done) => setTimeout(done, 1000)); }
      state.counting = false;
      if (state.on && state.ready) state.way.calm(true);
    }
    function calmed(known) {
      if (known !== null) tell(known ? "live.calm_done" : "live.calm_failed"); else state.telling = 0;
      state.calm = known === true;
      kslr.say(find("calm"), state.calm ? "live.calm_off" : "live.calm");
    }

    // The emotion of single frames flickers: the one that most of the last second's frames agree on is shown.
    function face(emotion) {
      state.faces = [...state.faces.slice(-14), emotion ? emotion.label : undefined];
      const counts = {};
      for (const label of state.faces) counts[label] = (counts[label] || 0) + 1;
      const [label, n] = Object.entries(counts).sort((a, b) => b[1] - a[1])[0];
      find("face").hidden = label === "undefined";
      const told = label !== "null" && label !== "undefined" && n > state.faces.length / 2 ? label : null;
      const html = kslr.emotion(told);
      if (find("emotion").dataset.shown !== String(told)) { find("emotion").innerHTML = html; find("emotion").dataset.shown = String(told); }
    }

    function draw() {
      const [width, height] = [canvas.width = video.videoWidth, canvas.height = video.videoHeight];
      const context = canvas.getContext("2d");
      if (find("private").checked) { context.fillStyle = "#101418"; context.fillRect(0, 0, width, height); }
      const reply = state.last;
      if (!reply || !(find("skeleton").checked || find("private").checked)) return;
      kslr.skeleton(context, width, height, reply);
    }

    function tick() {
      if (!state.on) return;
      if (state.ready && state.inFlight.length < MOST_IN_FLIGHT && video.videoWidth) send();
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(tick); else requestAnimationFrame(tick);
    }

    function send() {
      const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
      const now = performance.now(), seconds = (now - state.started) / 1000, way = state.way;
      grab.width = Math.round(video.videoWidth * scale); grab.height = Math.round(video.videoHeight * scale);
      grab.getContext("2d").drawImage(video, 0, 0, grab.width, grab.height);
      state.inFlight.push({ seconds, now });
      const blob = new Promise((done) => grab.toBlob(done, "image/jpeg", QUALITY));
      // One after another, so that pictures arrive in the order of their times.
      state.turn = state.turn.then(async () => {
        const head = new ArrayBuffer(8);
        new DataView(head).setFloat64(0, seconds, true);
        const bytes = await new Blob([head, await blob]).arrayBuffer();
        if (state.way === way && state.ready) way.give(bytes);
      });
    }

    find("start").addEventListener("click", () => (state.on ? stop() : start()));
    find("calm").addEventListener("click", calm);
    find("top5").addEventListener("toggle", () => { if (find("top5").open && state.five) five_shown(state.five); });
    // Another vocabulary is another session; the words that were read stay.
    element.querySelector("[data-vocabulary]").addEventListener("change", (event) => {
      if (!state.on || event.target.value === state.signs) return;
      if (state.way) state.way.close();
      state.signs = event.target.value; state.calm = false; kslr.say(find("calm"), "live.calm");
      status("live.connecting"); connect();
    });
    find("camera").addEventListener("change", () => { stop(); start(); });
    find("mirror").addEventListener("change", (event) => stage.classList.toggle("mirrored", event.target.checked));
    for (const name of ["skeleton", "private"]) find(name).addEventListener("change", draw);
    document.addEventListener("kslr:page", (event) => { if (event.detail !== "live" && state.on) stop(); });
    window.addEventListener("pagehide", () => { if (state.way) state.way.close(); });
  };
})();
