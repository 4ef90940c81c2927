"""What a person at the Live page gets, measured in a real browser: displayed rate, and how long an answer and a word take.

    python benchmarks/browser.py CLIP [--seconds 30] [--tabs 1 2] [--chromium /usr/bin/chromium] [--json FILE]

A server of its own is started; Chromium plays the clip at 640×480 as its camera, over and over, in one tab and then in two
at once. In each tab the page's own socket is listened to: a frame's answer counts from the moment the picture is taken off
the video, so JPEG, both ways, the tracker and both networks are in it; a word counts from the end of its sign, so the wait
that makes sure of the end and of the face after it is in it. The browser runs on the same machine and takes its share of
the cores. Needs Chromium and the Playwright package (the `test` extra).
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.server import run_server
from kslr.video import VideoFile

SIZE = (640, 480)
# Notes when each picture is taken and when its answer comes; the page's own clock is found from the time inside the message.
LISTEN = """(() => {
  const taken = [], sent = [];
  window.heard = { answers: [], words: [] };
  const blob = HTMLCanvasElement.prototype.toBlob;
  HTMLCanvasElement.prototype.toBlob = function (...rest) { taken.push(performance.now()); return blob.apply(this, rest); };
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(...rest) {
      super(...rest);
      this.addEventListener("message", (event) => {
        const now = performance.now(), reply = JSON.parse(event.data);
        if (reply.milliseconds === undefined) return;
        while (sent.length > 1 && sent[0].seconds < reply.seconds) sent.shift();
        const one = sent.shift();
        heard.answers.push([now, now - one.taken, reply.milliseconds]);
        for (const word of reply.words) heard.words.push([word.sign.id, now - (one.began + 1000 * word.end)]);
      });
    }
    send(message) {
      if (message instanceof ArrayBuffer) {
        const at = taken.shift(), seconds = new DataView(message).getFloat64(0, true);
        sent.push({ taken: at, seconds, began: at - 1000 * seconds });
      }
      super.send(message);
    }
  };
})();"""


def camera_file(clip: Path, path: Path) -> Path:
    """The clip as the browser's false camera plays it: JPEGs of 640×480, the picture whole, black beside it."""
    from PIL import Image, ImageOps

    with VideoFile(clip) as video, path.open("wb") as file:
        for frame in video:
            ImageOps.pad(Image.fromarray(frame.rgb), SIZE).save(file, "JPEG", quality=90)
    return path


@contextmanager
def serving(folder: Path, sessions: int = 4) -> Iterator[str]:
    """The app on a free port, with a home of its own in the folder; gives its address."""
    with run_server(folder, "--max-sessions", str(sessions)) as server:
        yield server.url


def open_browser(driver: Any, chromium: str, played: Path) -> Any:
    """A browser whose camera plays a file."""
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--use-fake-ui-for-media-stream"]
    flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={played}"]
    return driver.chromium.launch(executable_path=chromium, args=flags)


def measure(driver: Any, chromium: str, url: str, played: Path, tabs: int, seconds: float) -> list[dict[str, Any]]:
    """Opens tabs, lets them sign for a while, and gives each one's answers and words."""
    browser = open_browser(driver, chromium, played)
    try:
        pages = []
        for _ in range(tabs):
            tab = browser.new_context().new_page()
            tab.set_default_timeout(120_000)
            tab.add_init_script(LISTEN)
            tab.goto(f"{url}?lang=en#live")
            tab.wait_for_selector("[data-started] #live-start")
            pages.append(tab)
        for tab in pages:
            tab.click("#live-start")
        for tab in pages:  # the trackers' first frames are slow and no one's experience
            tab.wait_for_function("heard.answers.length > 30")
            tab.evaluate("heard.answers.length = heard.words.length = 0")
        time.sleep(seconds)
        found = [tab.evaluate("heard") for tab in pages]
    finally:
        browser.close()
    return found


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures over all tabs; the displayed rate is the mean of the tabs'."""
    answers = [np.array(one["answers"]) for one in found]
    rates = [(len(one) - 1) / (one[-1, 0] - one[0, 0]) * 1000 for one in answers]
    waits, words = np.concatenate(answers)[:, 1], np.array([wait for one in found for _, wait in one["words"]])
    return {
        "tabs": len(found),
        "frames_a_second": float(np.mean(rates)),
        "answer_ms": np.percentile(waits, [50, 95]).round(1).tolist(),
        "server_ms": np.percentile(np.concatenate(answers)[:, 2], [50, 95]).round(1).tolist(),
        "words": len(words),
        "word_s": (np.percentile(words, [50, 95]) / 1000).round(2).tolist() if len(words) else None,
    }


def main(
    clip: Annotated[Path, typer.Argument(help="A video of one person signing.")],
    seconds: Annotated[float, typer.Option(help="How long each measurement lasts.")] = 30.0,
    tabs: Annotated[list[int], typer.Option(help="How many tabs; give it more than once.")] = [1, 2],  # noqa: B006
    chromium: Annotated[str, typer.Option(help="The browser.")] = "/usr/bin/chromium",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measures and prints a table."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        played, rows = camera_file(clip, Path(folder) / "camera.mjpeg"), []
        with serving(Path(folder), max(tabs)) as url, sync_playwright() as driver:
            for count in tabs:
                rows.append(summary(measure(driver, chromium, url, played, count, seconds)))
    print(f"{clip.name} at 640×480, {seconds:.0f} s each, server and browser on {os.cpu_count()} cores")
    print("tabs  frames/s each   frame → answer p50, p95   of which server p50, p95   words   sign's end → word p50, p95")
    for row in rows:
        answer, server_ms = row["answer_ms"], row["server_ms"]
        word = "–" if row["word_s"] is None else f"{row['word_s'][0]:.2f} s, {row['word_s'][1]:.2f} s"
        print(
            f"{row['tabs']:4d}  {row['frames_a_second']:13.1f}   {answer[0]:9.0f} ms, {answer[1]:6.0f} ms   "
            f"{server_ms[0]:10.0f} ms, {server_ms[1]:6.0f} ms   {row['words']:5d}   {word}"
        )
    if json_path:
        json_path.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    typer.run(main)
