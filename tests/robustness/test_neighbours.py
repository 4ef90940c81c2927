"""What one visitor's files, words and clocks do to others on a running server, and what a full disk does to all of them.

The owner of a vocabulary comes from one address, a stranger from another; both only have the address of the server.
"""

import csv
import io
import json
import re
import struct
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.clients import jpeg
from benchmarks.server import RunningServer, run_server
from kslr.recordings import save_recording
from tests import clips
from tests.classes import portraits, seated
from tests.robustness.person import processes
from tests.robustness.test_door import ATTACKER, ask, upload
from tests.robustness.test_http import Server
from tests.takes import take

OWNER = ("127.0.0.3", 0)
KEY = "owner-key-0123456789"
CHILD = "Aigerim 8A born 2012"
MARKUP = 'x"><img src=x onerror=alert(1)>'
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\uff1d1+1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with run_server(tmp_path_factory.mktemp("neighbours"), "--max-sessions", "2") as running:
        yield running
        said = running.log.read_text()
        assert "Traceback" not in said
        assert "Aigerim" not in said


@pytest.fixture(autouse=True)
def still_answers(server: RunningServer) -> Iterator[None]:
    yield
    begun = time.monotonic()
    assert server.health()["status"] == "ok"
    assert time.monotonic() - begun < 2


def told(server: RunningServer, source: tuple[str, int], method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The JSON that somebody is answered with."""
    status, _, said = ask(server, method, path, body, source, **headers)
    assert status == 200, said[:300]
    return json.loads(said)


@pytest.fixture(scope="module")
def vocabulary(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The name and the key of a vocabulary whose recordings' files are called after a child."""
    made = told(server, OWNER, "POST", "/teach/change", {"do": "create", "vocabulary": "ours"})
    path = tmp_path_factory.mktemp("takes") / "take.npz"
    for word in ("circle", "pump"):
        takes = []
        for number in range(2):
            save_recording(path, take(word, number))
            name = f"{CHILD} {number}.npz".replace(" ", "%20")
            where = f"/teach/take?session={KEY}&name={name}&trimmed=true"
            takes.append(told(server, OWNER, "POST", where, path.read_bytes())["take"])
        body = {"session": KEY, "vocabulary": "ours", "takes": takes, "en": word}
        assert told(server, OWNER, "POST", "/teach/word", body, kslr_key=made["key"])["word"] == word
    yield "ours", made["key"]
    gone = told(server, OWNER, "POST", "/teach/change", {"do": "delete", "vocabulary": "ours"}, kslr_key=made["key"])
    assert gone == {"deleted": "ours"}


def arrays_in(archive: bytes) -> bytes:
    """Everything that an archive of arrays unpacks to, with the letters of its texts side by side."""
    with zipfile.ZipFile(io.BytesIO(archive)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist()).replace(b"\0", b"")


def test_a_stranger_learns_no_name_and_changes_nothing(server, vocabulary):
    name, key = vocabulary
    seen = [ask(server, "GET", path, None, ATTACKER)[2] for path in ("/vocabularies", f"/vocabularies/words?name={name}")]
    seen.append(ask(server, "GET", f"/teach/vocabulary?name={name}", None, ATTACKER)[2])
    for shown in ("true", "false"):
        seen.append(arrays_in(ask(server, "GET", f"/teach/download?vocabulary={name}&shown={shown}", None, ATTACKER)[2]))
    assert b"recording 3" in seen[-1]  # that is what they are called
    for said in seen:
        assert b"Aigerim" not in said
        assert key.encode() not in said
    for wrong in ("", "x", key[:-1]):
        for body in ({"do": "delete"}, {"do": "forget", "word": "circle"}):
            said = told(server, ATTACKER, "POST", "/teach/change", {**body, "vocabulary": name}, kslr_key=wrong)
            assert said["error"] == "teach.not_yours"
    assert told(server, ATTACKER, "POST", "/teach/change", {"do": "create", "vocabulary": name})["error"] == "teach.taken"
    again = ask(server, "GET", f"/teach/download?vocabulary={name}", None, ATTACKER)[2]
    assert "error" in told(server, ATTACKER, "POST", f"/teach/upload?name={name}", again)
    # Another's takes are known to who knows their tab's key.
    said = told(server, ATTACKER, "POST", "/teach/word", {"session": "x" * 16, "vocabulary": "theirs", "takes": ["0"]})
    assert "error" in said
    assert [word["id"] for word in told(server, OWNER, "GET", f"/teach/vocabulary?name={name}")["words"]] == ["circle", "pump"]


def changed_words(archive: bytes, change: dict[str, Any]) -> bytes:
    """A vocabulary whose first word says something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as parts, zipfile.ZipFile(out, "w") as made:
        for name in parts.namelist():
            content = parts.read(name)
            if name == "about.npy":
                content = _changed_text(content, change)
            made.writestr(name, content)
    return out.getvalue()


def _changed_text(content: bytes, change: dict[str, Any]) -> bytes:
    import numpy as np

    about = json.loads(str(np.load(io.BytesIO(content))))
    about["signs"][0].update(change)
    out = io.BytesIO()
    np.save(out, np.array(json.dumps(about)))
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [{"id": odd} for odd in (MARKUP, "../../x", "a\0b", "a\nb", "x" * 3_000_000)]
    + [{name: odd} for name in ("kk", "ru", "en", "latin") for odd in ("a\0b", "a\nb", "x" * 3_000_000)],
    ids=lambda change: ascii(change)[:24],
)
def test_a_vocabulary_with_odd_words_is_refused_whole(server, vocabulary, change):
    whole = ask(server, "GET", f"/teach/download?vocabulary={vocabulary[0]}", None, OWNER)[2]
    before = ask(server, "GET", "/vocabularies")[2]
    said = told(server, ATTACKER, "POST", "/teach/upload?name=theirs", changed_words(whole, change))
    assert said["error"] == "teach.no_vocabulary"
    assert ask(server, "GET", "/vocabularies")[2] == before


def test_a_vocabulary_with_other_words_is_taken(server, vocabulary):
    """The one above is refused for its words, not for being changed."""
    whole = ask(server, "GET", f"/teach/download?vocabulary={vocabulary[0]}", None, OWNER)[2]
    said = told(server, ATTACKER, "POST", "/teach/upload?name=theirs", changed_words(whole, {"en": "<b>Circle & co</b>"}))
    assert said["words"][0]["en"] == "<b>Circle & co</b>"
    assert told(server, ATTACKER, "POST", "/teach/change", {"do": "delete", "vocabulary": "theirs"}, kslr_key=said["key"])


@pytest.mark.parametrize("text", [*FORMULAS, MARKUP, "{\\an8}hidden", "a --> b", "</c>&lt;", "\\N{", "1\n\n2\n00:00 --> 00:09"])
def test_words_of_others_are_text_in_every_download(server, text):
    sign = {"id": "su", "kk": text, "ru": text, "en": text, "latin": text}
    word = {"start": 0.1, "end": 0.9, "sign": sign, "sign_probability": 0.9, "alternatives": []}
    word |= {"emotion": None, "emotion_probabilities": {}, "cues": {}}
    for kind in ("csv", "vtt", "srt"):
        status, _, said = ask(server, "POST", f"/live/export?format={kind}&language=en", {"words": [word]}, ATTACKER)
        assert status in (200, 422)
        content = said.decode("utf-8-sig")
        if status == 422:
            continue
        if kind == "csv":
            (row,) = csv.DictReader(io.StringIO(content))
            for cell in row.values():
                assert not re.match(r"[\s'\"]*[=+@\t\r\uff1d\uff0b\uff0d\uff20]", cell) or cell.startswith("'")
                assert not cell.startswith("-")
        else:
            assert content.count("-->") == 1  # the cue's own
            cue = content.split("-->")[1].split("\n", 1)[1]
            assert not re.search(r"[<>]" if kind == "vtt" else r"<[/a-z]|\{\\", cue)


# A class.


def watched(server: RunningServer, faces: list[Any], claims: list[float]) -> list[dict[str, Any]]:
    """What a class is told whose page claims times for its pictures."""
    from websockets.sync.client import connect

    with connect(server.url.replace("http", "ws") + "classroom/live", open_timeout=60) as line:
        line.send(json.dumps({"consent": True, "place": "outside-eu"}))
        said = [json.loads(line.recv(60))]
        for claim in claims:
            line.send(struct.pack("<d", claim) + jpeg(seated(faces, (640, 360))))
            said.append(json.loads(line.recv(60)))
        line.send("end")
        said.append(json.loads(line.recv(60)))
    ask(server, "DELETE", f"/classroom/sessions/{said[0]['session']}")
    return said


def test_a_page_that_lies_about_times_gets_no_window_sooner(server, astronaut):
    begun = time.monotonic()
    said = watched(server, portraits(astronaut, 6), [n * 3600.0 for n in range(8)])
    spent = time.monotonic() - begun
    windows = [answer["window"] for answer in said[1:-1] if answer.get("window")]
    assert len(windows) <= spent / 10


def test_four_faces_tell_nothing_whatever_the_page_claims(server, astronaut):
    said = watched(server, portraits(astronaut, 4), [0.0, 11.0, 22.0, 3600.0])
    for answer in said[1:]:
        window = answer.get("window") or {}
        assert not any(window.get(name) is not None for name in ("facing", "engagement", "valence", "least", "most"))


# A full disk.


@contextmanager
def full_disk(server: RunningServer) -> Iterator[None]:
    """No file of the server's may grow beyond 100 kB: what it writes fails as on a full disk, and it cannot know before."""
    import resource

    found = {one: resource.prlimit(one, resource.RLIMIT_FSIZE) for one in processes(server.process.pid)}
    for one, (_, hard) in found.items():
        resource.prlimit(one, resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        for one, limits in found.items():
            resource.prlimit(one, resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_a_full_disk_is_told_and_what_comes_after_it_works(server, astronaut, tmp_path):
    clip = clips.write(tmp_path / "clip.mp4", clips.shaken(astronaut, 8, (640, 480)), codec="mjpeg").read_bytes()
    assert len(clip) > 100_000
    asked = Server(server, tmp_path)
    where = f"/teach/take?session={KEY}&name=clip.mp4"
    status, (first,) = upload(server, "a.mp4", clip)
    root = Path(first).parents[1]
    before = {path for path in root.parent.rglob("*") if path.is_file()}
    with full_disk(server):
        for _ in range(3):
            status, said = upload(server, "a.mp4", clip)
            assert status == 507, (status, said)
            assert asked.json("POST", where)["error"]
            status, content = asked.ask("POST", where, clip)
            assert (status, json.loads(content)["error"]) == (200, "teach.busy")
        assert {path for path in root.parent.rglob("*") if path.is_file()} == before
    status, (second,) = upload(server, "a.mp4", clip)
    assert Path(second).read_bytes() == clip
    status, content = asked.ask("POST", where, clip)
    assert "teach.busy" not in content.decode()
