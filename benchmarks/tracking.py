"""How far tracking in the browser is from tracking on the server: points, parts, emotions and words of the same pictures.

    python benchmarks/tracking.py CLIP… [--every 3] [--chromium /usr/bin/chromium] [--json FILE]

Every picture of a clip goes through the Python pass and through the page's own tracker in Chromium (CPU inference, as there is no
GPU in a test machine), frame by frame with the clip's own times and not in real time; both then through the interpreter.
Differences of points are in shoulder widths and in pixels, over the frames in which both found the part. Needs Chromium, the
Playwright package (the `test` extra) and what `kslr browser` fetches.
"""

import base64
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.server import run_server
from emotion.recognizer import EmotionPrediction
from fusion.interpreter import Interpreter
from kslr.landmarks import PARTS, shoulder_width
from kslr.video import VideoFile
from ui.live.packets import unpack
from ui.tracking.assets import find_assets

START = """async () => {
  const address = document.querySelector('script[src*="shared/app.js"]').src.replace('shared/app.js', 'tracking/tracker.js');
  window.tracker = new (await import(address)).BrowserTracker();
  await tracker.start('cpu');
}"""
AGAIN = "async () => { tracker.close(); await tracker.start('cpu'); }"
TRACK = """async ([png, seconds]) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const packet = await tracker.grab(await createImageBitmap(new Blob([bytes], { type: 'image/png' })), seconds);
  return { packet: btoa(String.fromCharCode(...new Uint8Array(packet))), milliseconds: tracker.milliseconds.at(-1) };
}"""


def png(rgb: np.ndarray) -> str:
    """A picture, base64."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG", compress_level=1)
    return base64.b64encode(out.getvalue()).decode()


def compare_clip(interpreter: Interpreter, tab: Any, clip: Path, every: int) -> dict[str, Any]:
    """One clip on both ways."""
    apart: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    pixels: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    both, either = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    odds, qualities, spent, server_words, browser_words = [], [], [], [], []
    with VideoFile(clip) as video, interpreter.session() as here, interpreter.session(tracker=False) as there:
        for n, frame in enumerate(video):
            if n % every:
                continue
            seen = here.push(frame)
            server_words += seen.words
            got = tab.evaluate(TRACK, [png(frame.rgb), frame.seconds])
            spent.append(got["milliseconds"])
            packet = unpack(base64.b64decode(got["packet"]))
            emotion, shares = None, packet.probabilities
            if shares is not None:
                label = interpreter.models.emotions.label(shares)
                emotion = EmotionPrediction(frame.seconds, packet.quality, shares, label)
                if seen.emotion is not None:
                    odds.append(np.abs(shares - seen.emotion.probabilities).mean())
                    qualities.append(abs(packet.quality - seen.emotion.quality))
            browser_words += there.read(packet.landmarks, emotion).words
            height, width = frame.rgb.shape[:2]
            for name in PARTS:
                one, other = getattr(seen.landmarks, name), getattr(packet.landmarks, name)
                either[name] += one is not None or other is not None
                if one is not None and other is not None and seen.landmarks.pose is not None:
                    both[name] += 1
                    distance = np.linalg.norm((one - other)[:, :2] * (width, height), axis=1)
                    pixels[name].append(distance)
                    apart[name].append(distance / height / float(shoulder_width(seen.landmarks.pose, width / height)))
        server_words += here.finish()
        browser_words += there.finish()
    return {
        "clip": clip.stem,
        "server_words": [word.sign.id for word in server_words],
        "browser_words": [word.sign.id for word in browser_words],
        "apart": apart,
        "pixels": pixels,
        "both": both,
        "either": either,
        "odds": odds,
        "qualities": qualities,
        "milliseconds": spent,
    }


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all clips."""

    def quantiles(key: str, name: str) -> list[float]:
        values = np.concatenate([part for row in rows for part in row[key][name]] or [np.zeros(0)])
        return np.percentile(values, [50, 95]).round(5).tolist() if len(values) else []

    return {
        "clips": len(rows),
        "same_words": sum(row["server_words"] == row["browser_words"] for row in rows),
        "apart": {name: quantiles("apart", name) for name in PARTS},
        "pixels": {name: quantiles("pixels", name) for name in PARTS},
        "found_by_both": {
            name: sum(row["both"][name] for row in rows) / max(1, sum(row["either"][name] for row in rows)) for name in PARTS
        },
        "probabilities_mean_difference": float(np.mean([value for row in rows for value in row["odds"]])),
        "quality_mean_difference": float(np.mean([value for row in rows for value in row["qualities"]])),
        "frame_ms": np.percentile([value for row in rows for value in row["milliseconds"]], [50, 95]).round(1).tolist(),
        "words": {row["clip"]: [row["server_words"], row["browser_words"]] for row in rows},
    }


def main(
    clips: Annotated[list[Path], typer.Argument(help="Videos of one person signing.")],
    every: Annotated[int, typer.Option(help="Take every so many-th picture.")] = 3,
    chromium: Annotated[str, typer.Option(help="The browser.")] = "/usr/bin/chromium",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measures and prints."""
    from playwright.sync_api import sync_playwright

    assets, interpreter, rows = find_assets(), Interpreter(), []
    if assets is None:
        raise SystemExit("The programs for tracking in the browser are not here. Type first: kslr browser")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "home").mkdir()
        (Path(folder) / "home" / "browser").symlink_to(assets.folder.parent)
        with run_server(Path(folder), "--log", "none") as server, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            tab = browser.new_page()
            tab.set_default_timeout(300_000)
            tab.goto(server.url)
            tab.wait_for_selector("nav a[aria-current]")
            for clip in clips:
                tab.evaluate(AGAIN if rows else START)
                rows.append(compare_clip(interpreter, tab, clip, every))
                print(f"{clip.stem}: server {rows[-1]['server_words']}, browser {rows[-1]['browser_words']}", flush=True)
                if json_file:  # after each clip, since all of them take a while
                    json_file.write_text(json.dumps(summarise(rows), indent=1) + "\n")
            browser.close()
    print(json.dumps(summarise(rows), indent=1))


if __name__ == "__main__":
    typer.run(main)
