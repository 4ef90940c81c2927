"""Files made to be bad: bombs, sizes that only a head claims, hours that are not there, names that lead elsewhere."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.posefile import read_pose, write_pose
from kslr.recordings import load_recording, record, save_recording
from kslr.teaching.vocabularies import load_vocabulary, vocabulary_path
from kslr.video import VideoFile
from tests import clips
from tests.robustness.harness import ROOT, environment, snapshot
from tests.robustness.targets import picture
from tests.takes import take

# What one of these files may cost over what the libraries take, megabytes.
GROWTH = 300


# A process that runs what it is told and says how it ended and by how many megabytes its memory grew meanwhile.
MEASURE = """
import sys, json, av, kslr.recordings, kslr.video, kslr.posefile, kslr.teaching.vocabularies, emotion.training.datasets
import kslr.teaching.takes, ui.shared.pictures
import cv2, PIL.Image, PIL.JpegImagePlugin
from pathlib import Path
from kslr.core.errors import InputError
from tests.robustness.worker import forget_memory, memory
for line in sys.stdin:
    told = []
    forget_memory()
    before = memory()
    try:
        exec(json.loads(line))
        told.append("accepted")
    except InputError as error:
        told.append(f"refused: {error}")
    except BaseException as error:
        told.append(f"failed: {error!r}")
    print(json.dumps([" ".join(map(str, told)), memory() - before]), flush=True)
"""
Costs = Callable[[str], tuple[str, float]]


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Costs]:
    """Runs code in a process of its own: what it told, and by how many megabytes its memory grew meanwhile."""
    home = tmp_path_factory.mktemp("home")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", MEASURE], cwd=home, env=environment(home), **pipes)

    def run(code: str) -> tuple[str, float]:
        process.stdin.write(json.dumps(code) + "\n")
        process.stdin.flush()
        said, grown = json.loads(process.stdout.readline())
        return said, grown

    yield run
    process.stdin.close()
    assert process.wait(60) == 0


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def npy(shape: tuple[int, ...], kind: str = "<f4", content: bytes = b"") -> bytes:
    """An .npy that says it has this shape, whatever follows."""
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


def bomb(path: Path, gigabytes: float) -> Path:
    """A few megabytes that unpack to many gigabytes of landmarks."""
    frames = int(gigabytes * 2**30 / (1662 * 4))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        with out.open("x.npy", "w", force_zip64=True) as stream:
            stream.write(npy((frames, 1662)))
            for _ in range(frames // 1000):
                stream.write(bytes(1000 * 1662 * 4))
            stream.write(bytes(frames % 1000 * 1662 * 4))
        seconds = io.BytesIO()
        np.save(seconds, np.arange(frames) / 30)
        out.writestr("seconds.npy", seconds.getvalue())
    return path


@pytest.mark.parametrize(
    "reader", ["kslr.recordings.record", "kslr.teaching.vocabularies.load_vocabulary", "emotion.training.datasets.load_faces"]
)
@pytest.mark.parametrize("kind", ["claimed", "lying", "members", "bzip2"])
def test_an_archive_that_claims_or_unpacks_to_far_too_much_is_refused_before_it_is_unpacked(costs, tmp_path, reader, kind):
    path = tmp_path / "bomb.npz"
    if kind == "claimed":
        archive(path, {"x.npy": npy((10**9, 1662)), "seconds.npy": npy((10**9,), "<f8")})
    elif kind == "lying":  # the directory says how large it would be
        content = bytearray(archive(path, {"x.npy": npy((30, 1662), content=bytes(30 * 1662 * 4))}).read_bytes())
        start = content.find(b"PK\x01\x02")
        content[start + 24 : start + 28] = b"\xf0\xff\xff\xff"
        path.write_bytes(content)
    elif kind == "members":
        archive(path, {f"{n}.npy": b"" for n in range(20_000)}, zipfile.ZIP_STORED)
    else:
        archive(path, {"x.npy": npy((4000, 1662), content=bytes(4000 * 1662 * 4))}, zipfile.ZIP_BZIP2)
    module, name = reader.rsplit(".", 1)
    said, grown = costs(f"from {module} import {name}; {name}(Path({str(path)!r}))")
    assert said.startswith("refused")
    assert grown < 60, said


def test_a_real_bomb_is_refused_where_takes_are_sent(costs, tmp_path):
    path = bomb(tmp_path / "bomb.npz", 0.6)
    assert path.stat().st_size < 40_000_000
    said, grown = costs(f"kslr.recordings.record(Path({str(path)!r}), most=kslr.teaching.takes.LANDMARK_BYTES)")
    assert "take more than" in said
    assert grown < 60
    # The same as a vocabulary.
    said, grown = costs(f"kslr.teaching.vocabularies.load_vocabulary({str(path)!r})")
    assert "take more than" in said
    assert grown < 60


def test_a_pose_file_whose_frames_would_fill_the_memory_is_refused(costs, tmp_path):
    path = tmp_path / "a.pose"
    write_pose(path, take("circle", rests=0.3).landmarks(), face=False)
    whole = path.read_bytes()
    with pytest.raises(InputError, match="damaged"):
        read_pose(path, most=10)
    assert len(read_pose(path)) > 10
    # The old version says how many frames there are, and may be lying.
    path.write_bytes(struct.pack("<f", 0.0) + whole[4:])
    said, grown = costs(f"kslr.posefile.read_pose({str(path)!r})")
    assert said.startswith("refused")
    assert grown < GROWTH


@pytest.mark.parametrize("side", [8193, 16384, 65500])
def test_a_jpeg_that_claims_a_huge_picture_is_refused_by_its_head(costs, tmp_path, side):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture()).save(out, "JPEG")
    content = bytearray(out.getvalue())
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", side, side)
    path = tmp_path / "message"
    path.write_bytes(struct.pack("<d", 0.5) + content)
    said, grown = costs(f"ui.shared.pictures.decode_picture(Path({str(path)!r}).read_bytes())")
    assert said.startswith("refused")
    assert grown < 30


def test_a_png_that_claims_a_huge_face_is_refused_by_its_head(costs, tmp_path):
    import zlib

    from PIL import Image

    folder = tmp_path / "faces" / "train" / "happy"
    folder.mkdir(parents=True)
    out = io.BytesIO()
    Image.new("L", (48, 48)).save(out, "PNG")
    content = bytearray(out.getvalue())
    content[16:24] = struct.pack(">II", 12_000, 12_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (folder / "a.png").write_bytes(content)
    said, grown = costs(f"emotion.training.datasets.load_faces({str(tmp_path / 'faces')!r})")
    assert "12000×12000" in said
    assert grown < 30


def test_an_8k_video_is_read_and_a_larger_one_refused_wherever_it_says_so(costs, tmp_path):
    large = clips.large(tmp_path / "8k.avi", (7680, 4320), 2)
    code = "with kslr.video.VideoFile({!r}) as video:\n    told.append([frame.rgb.shape for frame in video])"
    said, grown = costs(code.format(str(large)))
    assert said.startswith("[(360, 640, 3), (360, 640, 3)]")
    assert grown < GROWTH
    # The first pictures are small, the others are not.
    first = clips.write(tmp_path / "first.ts", clips.shaken(picture(320, 240), 5, (96, 72)))
    second = clips.write(tmp_path / "second.ts", [np.zeros((2320, 8400, 3), np.uint8)])
    mixed = tmp_path / "mixed.ts"
    mixed.write_bytes(first.read_bytes() + second.read_bytes())
    said, grown = costs(code.format(str(mixed)))
    assert "8400×2320" in said
    assert grown < GROWTH
    # The head of the file says something small, each picture's own head something huge.
    lying = clips.write(tmp_path / "lying.avi", clips.shaken(picture(320, 240), 5, (96, 72)), codec="mjpeg")
    content, place = bytearray(lying.read_bytes()), -1
    while (place := content.find(b"\xff\xc0\x00\x11\x08", place + 1)) >= 0:
        content[place + 5 : place + 9] = struct.pack(">HH", 16384, 16384)
    lying.write_bytes(content)
    said, grown = costs(code.format(str(lying)))
    assert said.startswith("refused")
    assert grown < GROWTH


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_ten_hour_file_is_refused_at_once(tmp_path, suffix):
    still = np.ascontiguousarray(picture(96, 72))
    path = tmp_path / f"long{suffix}"
    clips.write(path, [still] * 4, times=[0, 1, 36_000, 36_001], codec="libvpx" if suffix == ".webm" else "libx264")
    with pytest.raises(InputError, match="longer than 4 hours"), VideoFile(path) as video:
        list(video)
    # A live stream does not say how long it is: it ends where it has become too long.
    if suffix == ".webm":
        clips.write(path, [still] * 4, times=[0, 1, 36_000, 36_001], codec="libvpx", container_options={"live": "1"})
        with pytest.raises(InputError, match="longer than 4 hours"), VideoFile(path) as video:
            list(video)


@pytest.mark.parametrize("name", ["../evil.npy", "/tmp/kslr-evil.npy", "..\\..\\evil.npy", "C:\\evil.npy", "a\0b.npy", "con.npy"])
def test_no_name_in_an_archive_leads_anywhere(tmp_path, name):
    path, before = tmp_path / "in" / "a.npz", None
    path.parent.mkdir()
    save_recording(path, take("circle", rests=0.3))
    with zipfile.ZipFile(path) as old:
        members = {member: old.read(member) for member in old.namelist()}
    archive(path, {**members, name: members["aspect.npy"]})
    before = snapshot(tmp_path)
    load_recording(path)
    with pytest.raises(InputError):
        load_vocabulary(path)
    assert snapshot(tmp_path) == before
    assert not Path("/tmp/kslr-evil.npy").exists()


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "..", ".", "a/b", "a\0b", "", "a" * 300, "\ud800", "C:\\x", "a\u202eb"])
def test_no_name_of_a_vocabulary_leads_anywhere(name, monkeypatch, tmp_path):
    from kslr.teaching.naming import LessonError, check_name

    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    with pytest.raises(LessonError):
        check_name(name)
    try:
        path = vocabulary_path(name)
    except InputError:
        return
    assert path.parent == tmp_path / "vocabularies"


@pytest.mark.parametrize("seed", [686, 743])
def test_a_graph_that_ends_the_process_that_loads_it_is_refused(tmp_path, seed):
    """A foreign card with a right checksum, and weights that LiteRT finds well formed and then dies of (SIGSEGV)."""
    import hashlib
    import random

    from kslr.core.cards import MODELS
    from kslr.segmenter import SignTagger
    from tests.robustness.graphs import changed_graph

    card = json.loads((MODELS / "segmenter.json").read_text())
    wrong = changed_graph((MODELS / "segmenter.tflite").read_bytes(), random.Random(seed))
    card["weights"] |= {"sha256": hashlib.sha256(wrong).hexdigest(), "bytes": len(wrong)}
    (tmp_path / "segmenter.tflite").write_bytes(wrong)
    (tmp_path / "segmenter.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="cannot be run"):
        SignTagger(tmp_path / "segmenter.json")


def test_a_recording_that_is_whole_is_still_read(tmp_path):
    made = take("circle", rests=0.3)
    save_recording(tmp_path / "a.npz", made)
    again = record(tmp_path / "a.npz")
    assert np.array_equal(again.seconds, made.seconds)
    assert np.array_equal(again.x, made.x.astype(np.float32), equal_nan=True)
    assert str(ROOT) not in again.name
