"""kill −9 at random moments: what was saved is whole and still there, and the next run goes on or begins again.

KSLR_LONG=1 makes dozens of kills of each command, KSLR_KILL_SEED chooses other moments, and KSLR_KILL_REPORT=FILE writes
how many there were and what was lost.
"""

import csv
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from emotion.faces import EMOTIONS
from fusion.classroom.history import History
from kslr.core.cards import read_card
from kslr.recordings import load_recording, save_recording
from kslr.teaching.vocabularies import load_vocabulary
from tests import clips
from tests.classes import lesson, portraits
from tests.robustness.harness import environment
from tests.takes import take

LONG = os.environ.get("KSLR_LONG") == "1"
SEED = int(os.environ.get("KSLR_KILL_SEED", "1"))
PATIENCE = 600.0
COUNTS: dict[str, dict[str, int]] = {}


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    yield
    if path := os.environ.get("KSLR_KILL_REPORT"):
        Path(path).write_text(json.dumps({"seed": SEED, "commands": COUNTS}, indent=1) + "\n")


class Command:
    """A command line that is run again and again in one place.

    Args:
        folder: holds its home and its log.
        arguments: of ``kslr``.
    """

    def __init__(self, folder: Path, *arguments: Any) -> None:
        self.folder, self.arguments = folder, [str(a) for a in arguments]
        self._log = folder / "log.txt"

    def start(self) -> "subprocess.Popen[bytes]":
        """A fresh process."""
        said = self._log.open("ab")
        command = [sys.executable, "-m", "kslr", *self.arguments]
        return subprocess.Popen(command, cwd=self.folder, env=environment(self.folder / "home"), stdout=said, stderr=said)

    def to_its_end(self) -> None:
        """Runs it; it must succeed."""
        process = self.start()
        try:
            assert process.wait(PATIENCE) == 0, self._log.read_text()[-3000:]
        finally:
            process.kill()

    def kill(self, rng: random.Random, begun: Callable[[], Any], spread: float) -> bool:
        """Kills it at a random moment within so many seconds from where `begun` is true; whether it was still running."""
        process, end = self.start(), time.monotonic() + PATIENCE
        try:
            while not begun() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            assert time.monotonic() < end, self._log.read_text()[-3000:]
            left = time.monotonic() + rng.uniform(0, spread)
            while time.monotonic() < left and process.poll() is None:
                time.sleep(0.01)
            running = process.poll() is None
        finally:
            process.kill()
            process.wait(30)
        return running


def kills(name: str, short: int, long: int) -> Iterator[random.Random]:
    """A generator of moments for each kill of a command, counted."""
    count = COUNTS.setdefault(name, {"kills": 0, "while_running": 0})
    for number in range(long if LONG else short):
        count["kills"] += 1
        yield random.Random(f"{name} {SEED} {number}")


def whole_archives(folder: Path) -> dict[Path, int]:
    """Every landmark file with its time of change; each must be whole."""
    found = sorted(folder.rglob("*.npz"))
    for path in found:
        assert len(load_recording(path).x) > 0
    return {path: path.stat().st_mtime_ns for path in found}


def test_extract_keeps_what_was_done_and_goes_on(tmp_path, astronaut):
    for number in range(5):
        clips.write(tmp_path / f"clips{number}.mp4", clips.shaken(astronaut, 8, reach=4 + number))
    folder, out = tmp_path / "in", tmp_path / "out"
    for word in ("a", "b"):
        (folder / word).mkdir(parents=True)
    for number in range(5):
        (tmp_path / f"clips{number}.mp4").rename(folder / "ab"[number % 2] / f"{number}.mp4")
    command = Command(tmp_path, "extract", folder, out, "--workers", 1)
    for rng in kills("extract", 1, 24):
        if len(whole_archives(out)) == 5:
            for path in rng.sample(sorted(out.rglob("*.npz")), 4):
                path.unlink()
        before = whole_archives(out)
        enough = len(before) + rng.randrange(1, 3)
        running = command.kill(rng, lambda enough=enough: len(list(out.rglob("*.npz"))) >= enough, 2.0)
        COUNTS["extract"]["while_running"] += running
        after = whole_archives(out)
        assert before.items() <= after.items()
        assert len(list(csv.DictReader((out / "manifest.csv").open()))) <= 5
    before = whole_archives(out)
    assert before
    command.to_its_end()
    assert before.items() <= whole_archives(out).items()
    rows = list(csv.DictReader((out / "manifest.csv").open()))
    assert [row["clip"] for row in rows] == ["a/0.mp4", "a/2.mp4", "a/4.mp4", "b/1.mp4", "b/3.mp4"]
    assert all(row["problem"] == "" for row in rows)


def test_teach_keeps_every_word(tmp_path):
    paths = {}
    for word in ("circle", "pump", "wipe"):
        paths[word] = [tmp_path / f"{word}{n}.npz" for n in range(2)]
        for number, path in enumerate(paths[word]):
            save_recording(path, take(word, number, rests=0.4))
    mine = tmp_path / "home" / "vocabularies" / "mine.npz"
    for word in ("circle", "pump"):
        Command(tmp_path, "teach", "mine", word, *paths[word]).to_its_end()
    command, whole = Command(tmp_path, "teach", "mine", "wipe", *paths["wipe"]), mine.read_bytes()
    began = time.monotonic()
    command.to_its_end()
    length = time.monotonic() - began
    grown = load_vocabulary(mine)
    for rng in kills("teach", 2, 40):
        mine.write_bytes(whole)
        start = time.monotonic()
        # Most of it is loading; it writes near its end.
        wait = start + length * (rng.uniform(0, 0.5) if rng.random() < 0.3 else rng.uniform(0.5, 1.0))
        COUNTS["teach"]["while_running"] += command.kill(rng, lambda wait=wait: time.monotonic() > wait, 0.1)
        if mine.read_bytes() != whole:
            assert [sign.id for sign in load_vocabulary(mine).signs] == [sign.id for sign in grown.signs]
        assert [path.name for path in mine.parent.glob("*.npz")] == ["mine.npz"]
    mine.write_bytes(whole)
    command.to_its_end()
    found = load_vocabulary(mine)
    assert [sign.id for sign in found.signs] == ["circle", "pump", "wipe"]
    assert [found.recordings_of(word) for word in ("circle", "pump", "wipe")] == [2, 2, 2]


@pytest.mark.skipif(not LONG, reason="half a minute a run; KSLR_LONG=1 makes dozens")
def test_train_signs_leaves_the_old_model_or_the_new_one(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(0.5, 0.1, (40, 30, 126)).astype(np.float32)
    x[::2, :, :40] += 0.4
    np.savez(tmp_path / "data.npz", x=x, label=np.array(["a", "b"] * 20))
    out = tmp_path / "out"
    arguments = ("train", "signs", tmp_path / "data.npz", "--out", out, "--architecture", "paper_lstm", "--name", "mine")
    began = time.monotonic()
    Command(tmp_path, *arguments, "--epochs", 1).to_its_end()
    length = time.monotonic() - began
    model = read_card(out / "mine.json")
    command = Command(tmp_path, *arguments, "--epochs", 2, "--seed", 1)
    for moment in kills("train signs", 2, 24):
        start = time.monotonic()
        wait = start + length * (moment.uniform(0, 0.7) if moment.random() < 0.3 else moment.uniform(0.7, 1.1))
        running = command.kill(moment, lambda wait=wait: time.monotonic() > wait, 0.5)
        COUNTS["train signs"]["while_running"] += running
        card, weights = read_card(out / "mine.json")
        assert not running or (card, weights) == model or "seed 1" in card.protocol
        model = card, weights
    command.to_its_end()
    assert "seed 1" in read_card(out / "mine.json")[0].protocol


def _faces(folder: Path) -> Path:
    """A few pictures of stripes for each emotion and split."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 6), ("public", 2), ("private", 2)):
        for number, emotion in enumerate(EMOTIONS):
            place = folder / split / emotion
            place.mkdir(parents=True)
            for n in range(count):
                stripes = np.sin(np.arange(48) * (0.2 + 0.15 * number))[None] * 100 + 128 + generator.normal(0, 10, (48, 48))
                cv2.imwrite(str(place / f"{n}.png"), stripes.clip(0, 255).astype(np.uint8))
    return folder


def _history(out: Path) -> list[dict[str, Any]]:
    """What the checkpoint has seen; it must be whole where it is there."""
    path = out / "checkpoints" / "1" / "training.json"
    return json.loads(path.read_text())["history"] if path.exists() else []


def test_train_emotion_resumes_at_its_last_checkpoint(tmp_path):
    data, out = _faces(tmp_path / "faces"), tmp_path / "out"
    epochs = 60 if LONG else 6
    command = Command(
        tmp_path,
        "train",
        "emotion",
        data,
        "--out",
        out,
        "--architecture",
        "student_cnn",
        "--epochs",
        epochs,
        "--name",
        "mine",
        "--resume",
    )
    for rng in kills("train emotion", 1, 24):
        before = _history(out)
        if len(before) >= epochs:
            break
        enough = len(before) + 1
        running = command.kill(rng, lambda enough=enough: len(_history(out)) >= enough, 1.0)
        COUNTS["train emotion"]["while_running"] += running
        after = _history(out)
        assert after[: len(before)] == before
        assert len(after) >= enough
    before = _history(out)
    command.to_its_end()
    assert _history(out)[: len(before)] == before
    assert len(_history(out)) == epochs
    assert read_card(out / "mine.json")[0].labels == EMOTIONS


def _windows(database: Path) -> list[tuple[Any, ...]]:
    """What the history holds, looked at from outside."""
    if not database.exists():
        return []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        try:
            return connection.execute("select session, start, end_seconds from windows order by session, start").fetchall()
        except sqlite3.OperationalError:  # not made yet, or just being written
            return []


def test_classroom_loses_ten_seconds_at_most(tmp_path, astronaut):
    clip = tmp_path / "class.mp4"
    clips.write(clip, (frame.rgb for frame in lesson(portraits(astronaut, 6), 45, 1, (640, 360))), fps=1)
    database, report = tmp_path / "home" / "classroom.db", tmp_path / "report.html"
    arguments = ("classroom", clip, "--consent", "--place", "outside-eu", "--rate", 1)
    command = Command(tmp_path, *arguments, "--report", report)
    for sessions, rng in enumerate(kills("classroom", 1, 24), 1):
        before = _windows(database)
        enough = len(before) + rng.randrange(1, 4)
        running = command.kill(rng, lambda enough=enough: len(_windows(database)) >= enough, 1.0)
        COUNTS["classroom"]["while_running"] += running
        after = _windows(database)
        assert set(before) <= set(after)
        assert len(after) >= enough
        with History(f"sqlite:///{database}") as history:
            found = history.sessions()
            assert len(found) == sessions
            assert {one.status for one in found} <= {"interrupted", "finished"}
            assert sum(one.status == "interrupted" for one in found) >= running
        assert not report.exists() or report.read_text().rstrip().endswith("</html>")
    before = _windows(database)
    if LONG:
        command.to_its_end()
        assert set(before) < set(_windows(database))
        assert report.read_text().rstrip().endswith("</html>")


def test_the_moments_are_random_but_can_be_made_again():
    assert [rng.random() for rng in kills("x", 2, 2)] == [rng.random() for rng in kills("x", 2, 2)]
    del COUNTS["x"]
