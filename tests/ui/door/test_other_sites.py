"""A page of another site in a real browser, against a running server: it reads nothing, changes nothing, frames nothing."""

import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.server import run_server

LOGIN = "kslr:secret"
# What a page elsewhere tries with the address of a server that the person has open; it tells what it got.
TRY = """async (url) => {
  const got = {};
  const read = async (name, work) => {
    try { const reply = await work(); got[name] = reply.type === "opaque" ? "opaque" : await reply.text(); }
    catch (error) { got[name] = "blocked"; }
  };
  const text = { "Content-Type": "text/plain" };
  for (const path of ["", "health", "vocabularies", "config", "classroom/sessions", "metrics"]) {
    await read(`GET /${path}`, () => fetch(url + path, { credentials: "include" }));
  }
  for (const mode of ["cors", "no-cors"]) {
    await read(`change ${mode}`, () => fetch(`${url}teach/change`, {
      method: "POST", mode, headers: text, credentials: "include",
      body: JSON.stringify({ do: "create", vocabulary: `evil ${mode}` }) }));
    const form = new FormData();
    form.append("files", new File(["x"], "evil.mp4"));
    await read(`upload ${mode}`, () => fetch(`${url}gradio_api/upload`, {
      method: "POST", mode, body: form, credentials: "include" }));
  }
  await read("DELETE", () => fetch(`${url}classroom/sessions/x`, { method: "DELETE", credentials: "include" }));
  got.socket = await new Promise((done) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}live`);
    socket.onmessage = () => done("message");
    socket.onclose = socket.onerror = () => done("closed");
  });
  const script = document.createElement("script");
  got.script = await new Promise((done) => {
    Object.assign(script, { src: `${url}vocabularies`, onload: () => done("loaded"), onerror: () => done("blocked") });
    document.head.append(script);
  });
  return got;
}"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Another site on this machine, on an origin of its own."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title>")

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()


@pytest.mark.parametrize("login", ["", LOGIN], ids=["without a password", "with a password"])
def test_another_site_reads_changes_and_frames_nothing(tmp_path, chromium, elsewhere, login):
    with run_server(tmp_path, login=login) as server:
        context = chromium().new_context()
        tab = context.new_page()
        tab.goto(server.url)
        if login:
            tab.fill("[name=user]", "kslr")
            tab.fill("[name=password]", "secret")
            tab.click("button")
        tab.wait_for_selector("nav a[aria-current]", timeout=60_000)  # the person has it open and is signed in
        own = tab.evaluate("fetch('vocabularies').then((reply) => reply.json())")
        assert own

        evil = context.new_page()
        evil.goto(elsewhere)
        got = evil.evaluate(TRY, server.url)
        assert {name for name, found in got.items() if found not in ("blocked", "opaque", "closed")} == set()
        answers = []
        evil.on("response", lambda reply: answers.append((reply.url, reply.status)))
        evil.set_content(f'<iframe src="{server.url}"></iframe><iframe src="{server.url}health"></iframe>')
        evil.wait_for_timeout(1500)
        assert {status for url, status in answers if url.startswith(server.url)} <= {403, 401}
        assert all("KSLR" not in frame.content() for frame in evil.frames[1:])

        # A name of another site that leads to this machine (DNS rebinding).
        port = server.url.split(":")[-1].strip("/")
        rebound = urllib.request.Request(f"http://127.0.0.1:{port}/vocabularies", headers={"Host": f"evil.example:{port}"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(rebound)

        assert tab.evaluate("fetch('vocabularies').then((reply) => reply.json())") == own
        assert not list(tmp_path.rglob("*evil*"))
        if login:
            tab.evaluate("fetch('logout', { method: 'POST' })")
            tab.wait_for_timeout(300)
            assert tab.evaluate("fetch('vocabularies').then((reply) => reply.status)") == 401
        context.close()


def test_smuggled_markup_runs_nothing(tmp_path, chromium):
    """The policy of the page itself: markup that somebody got into it starts no script and fetches nothing elsewhere."""
    with run_server(tmp_path) as server:
        context = chromium().new_context()
        tab = context.new_page()
        blocked = []
        tab.on("console", lambda message: blocked.append(message.text) if "Content Security Policy" in message.text else None)
        tab.goto(server.url)
        tab.wait_for_selector("nav a[aria-current]", timeout=60_000)
        assert blocked == []
        tab.evaluate("""() => {
          const place = document.createElement("div");
          document.body.append(place);
          place.innerHTML = '<img src=x onerror="window.ran = 1"><a id=evil href="javascript:window.ran = 2">x</a>';
          document.getElementById("evil").click();
          const script = document.createElement("script");
          script.textContent = "window.ran = 3";
          document.body.append(script);
        }""")
        tab.wait_for_timeout(500)
        assert tab.evaluate("window.ran") is None
        assert len(blocked) >= 3
        gone = tab.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')")
        assert gone == "blocked"
        context.close()
