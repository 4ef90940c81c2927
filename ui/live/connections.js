// The two ways to the server. send(bytes) gives a picture; heard(reply) is called with each answer, closed() at a
// break. `wanted` is what the session is opened with: signs, strictness, tracking.

export class SocketConnection {
  constructor(heard, closed, wanted) {
    const query = new URLSearchParams(wanted);
    const address = new URL(`live?${query}`, document.baseURI).href.replace(/^http/, "ws");
    this.socket = Object.assign(new WebSocket(address), { binaryType: "arraybuffer" });
    this.socket.onmessage = (event) => heard(JSON.parse(event.data));
    this.socket.onclose = () => closed();
  }

  send(message) { if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message); }
  end() { this.send("end"); }
  calm(on) { this.send(on ? "calm" : "calm off"); }
  close() { this.socket.onclose = null; this.socket.close(); }
}

// Where sockets are refused, the same messages go one by one by POST.
export class PostConnection {
  #turn = Promise.resolve();

  constructor(heard, closed, wanted) {
    Object.assign(this, { heard, closed, query: new URLSearchParams(wanted) });
    this.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    queueMicrotask(() => this.heard({ ready: true }));
  }

  #post(path, body) {
    this.#turn = this.#turn.then(async () => {
      const reply = await fetch(path, { method: "POST", body });
      if (!reply.ok) throw new Error(reply.status);
      this.heard(await reply.json());
    }).catch(() => this.closed());
  }

  send(bytes) { this.#post(`live/frame?session=${this.key}&${this.query}`, bytes); }
  end() { this.heard({ ended: true, words: [] }); }
  calm(on) { this.#post(`live/calm?session=${this.key}&on=${on}`); }
  close() {
    this.heard = this.closed = () => {};
    navigator.sendBeacon(`live/end?session=${this.key}`);
  }
}
