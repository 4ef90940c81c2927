"""What reads bytes from outside: for each kind, whole files to damage, and the code that must bear the damaged ones.

A `use` may return or raise `InputError`. Anything else is a failure, as is a dead or hanging process, more processor time
or memory than the target may take, and a file written anywhere but in the case's own folder.
"""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.robustness.mutate import changed_json, damaged, damaged_archive, damaged_text, json_text

Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes:
        make: writes whole files into a folder.
        use: what a program does with a damaged one.
        change: how bytes are damaged.
        seconds: of processor time that a case may take.
        megabytes: that the process may ever hold, libraries and networks included.
        prepare: loads what is loaded once in a program.
        beside: the file name that a case gets, and its other files.
        short: cases of a short run.
    """

    make: Callable[[Path], object]
    use: Callable[[Path], object]
    change: Change = damaged
    seconds: float = 20.0
    megabytes: int = 700
    prepare: Callable[[], object] = lambda: None
    beside: Callable[[Path, str, bytes, random.Random], Path] = lambda folder, name, data, rng: _written(folder / name, data)
    short: int = 60

    def write(self, folder: Path, bases: Mapping[str, bytes], rng: random.Random) -> Path:
        """Writes the case's file."""
        name = rng.choice(sorted(bases))
        return self.beside(folder, name, self.change(bases[name], rng, list(bases.values())), rng)


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def picture(width: int = 96, height: int = 72) -> np.ndarray:
    """(height, width, 3) uint8: something with edges and soft parts."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    rgb = np.stack([x, y, np.sin(20 * x * y) ** 2], axis=-1)
    return (255 * rgb).astype(np.uint8)


# Videos


def make_videos(folder: Path) -> None:
    """Small ones in every container, with several codecs, with sound, turned, with a varying rate."""
    from tests import clips

    still = picture(320, 240)
    moving = list(clips.shaken(still, 12, (96, 72), reach=4))
    for name, codec in (("a.mp4", "libx264"), ("b.mkv", "libx264"), ("c.webm", "libvpx"), ("d.avi", "mjpeg"), ("e.mov", "mpeg4")):
        clips.write(folder / name, moving, codec=codec)
    for name, codec in (("f.ts", "libx264"), ("g.gif.mp4", "mpeg4"), ("h.webm", "libvpx-vp9"), ("i.flv", "flv")):
        clips.write(folder / name, moving[:6], codec=codec)
    clips.varying(folder / "j.mp4", still, [0, 0.1, 0.13, 0.5, 2.0])
    clips.turned(folder / "k.mp4", still, 90, size=(96, 72))
    clips.webm_without_duration(folder / "l.webm", still, 6)
    clips.audio_only(folder / "m.mp4", 0.2)


def use_video(path: Path) -> None:
    """All frames, as everything that reads videos does."""
    from kslr.video import VideoFile

    with VideoFile(path) as video:
        for number, frame in enumerate(video):
            assert frame.rgb.shape == (video.size[1], video.size[0], 3)
            assert max(video.size) <= 640
            assert np.isfinite(frame.seconds)
            if number > 400:
                return


# Recordings of landmarks, vocabularies, data sets


def make_recordings(folder: Path) -> None:
    """Takes of made-up signs."""
    from kslr.recordings import save_recording
    from tests.takes import take

    for number, word in enumerate(("circle", "pump", "wipe")):
        save_recording(folder / f"{word}.npz", take(word, number, rests=0.4))


def make_poses(folder: Path) -> None:
    """The same in the interchange format, with and without faces."""
    from kslr.posefile import write_pose
    from tests.takes import take

    for number, word in enumerate(("circle", "pump")):
        write_pose(folder / f"{word}.pose", take(word, number, rests=0.3).landmarks(), face=bool(number))


def use_recording(path: Path) -> None:
    """Reads it and judges it, as where somebody teaches a sign."""
    from kslr.recordings import record
    from kslr.teaching.takes import judge

    recording = record(path)
    assert np.isfinite(recording.seconds).all()
    verdict = judge(recording)
    if verdict.sign is not None:
        verdict.sign.window()


@cache
def encoder() -> Any:
    """The shipped one."""
    from kslr.encoder import SignEncoder

    return SignEncoder()


def make_vocabularies(folder: Path) -> None:
    """Two words from two takes each; one word; none."""
    from kslr.teaching.takes import judge
    from kslr.teaching.vocabularies import save_vocabulary
    from kslr.teaching.words import new_vocabulary, teach
    from kslr.vocabulary import Sign
    from tests.takes import take

    taught = new_vocabulary("mine", encoder())
    save_vocabulary(folder / "none.npz", taught)
    for number, word in enumerate(("circle", "pump")):
        windows = np.stack([judge(take(word, n)).sign.window() for n in range(2)])
        taught = teach(taught, Sign(word, "Сөз", word, word, "Слово"), windows, encoder(), ["1.mp4", "2.mp4"])
        save_vocabulary(folder / f"with{number + 1}.npz", taught)


def change_vocabulary(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """As an archive, or in the JSON that says what is in it."""
    import io

    if rng.random() < 0.5:
        return damaged_archive(data, rng, others)
    with np.load(io.BytesIO(data)) as file:
        arrays = {key: file[key] for key in file.files}
    arrays["about"] = np.array(json.dumps(changed_json(json.loads(str(arrays["about"])), rng)))
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def use_vocabulary(path: Path) -> None:
    """Reads it, asks with it, checks it, adds to it, and takes every word out again."""
    from kslr.recognizer import SignRecognizer
    from kslr.teaching.vocabularies import load_vocabulary, save_vocabulary
    from kslr.teaching.words import check_encoder, check_words, forget, teach

    taught = load_vocabulary(path)
    check_encoder(taught, encoder())
    window = np.random.default_rng(0).random((1, 30, 1662), np.float32)
    grown = teach(taught, _sign("added"), window, encoder())
    save_vocabulary(path.with_name("grown.npz"), grown)
    if len(taught.signs) >= 2:
        check_words(taught, encoder())
        found = SignRecognizer(path).recognize_windows(window)[0]
        assert np.isfinite(found.probability)
    for sign in taught.signs:
        taught.recordings_of(sign.id)
        taught = forget(taught, sign.id)
    save_vocabulary(path.with_name("less.npz"), taught)


def _sign(word: str) -> Any:
    from kslr.vocabulary import Sign

    return Sign(word, word, word, word, word)


def make_datasets(folder: Path) -> None:
    """Sign data as one file, with and without what may be missing, and as frames of their own."""
    rng = np.random.default_rng(0)
    x = rng.random((6, 8, 126), np.float32)
    columns = {"label": np.array(list("aabbcc")), "signer": np.array(list("xyxyxy")), "length": np.array([8, 7, 6, 8, 8, 2])}
    np.savez_compressed(folder / "hands.npz", x=x, **columns)
    np.savez_compressed(folder / "raw.npz", x=rng.random((4, 6, 1662), np.float32), label=np.array(list("aabb")))
    np.save(folder / "frame.npy", x[0, 0])


def change_dataset(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Archives as archives, single arrays as bytes."""
    return damaged_archive(data, rng, others) if data[:2] == b"PK" else damaged(data, rng, others)


def beside_dataset(folder: Path, name: str, data: bytes, rng: random.Random) -> Path:
    """A frame goes into a tree with whole ones; an archive may be a pack with its landmarks beside it."""
    if name.endswith(".npy"):
        whole = np.random.default_rng(1).random(126).astype(np.float32)
        for word in ("a", "b"):
            (folder / "tree" / word / "0").mkdir(parents=True)
            np.save(folder / "tree" / word / "0" / "0.npy", whole)
        (folder / "tree" / "a" / "0" / "1.npy").write_bytes(data)
        return folder / "tree"
    path = _written(folder / "signs" / name, data)
    if rng.random() < 0.3:
        import io
        import lzma

        steps = io.BytesIO()
        np.save(steps, np.zeros((6, 8, 126), np.int16))
        packed = lzma.compress(steps.getvalue())
        path.with_suffix(".npy.xz").write_bytes(damaged(packed, rng) if rng.random() < 0.7 else packed)
    return path


def use_dataset(path: Path) -> None:
    """As training and evaluation read it."""
    from kslr.training.datasets import load_signs

    data = load_signs(path.stem, path.parent.parent) if path.with_suffix(".npy.xz").exists() else load_signs(path)
    assert data.x.shape[1:] == (30, 1662)


def make_faces(folder: Path) -> None:
    """The classic table, a pack of sheets, and pictures."""
    import cv2

    rng = np.random.default_rng(0)
    rows = [
        f"{n % 7},{' '.join(map(str, rng.integers(0, 256, 2304)))},{usage}"
        for n, usage in enumerate(["Training", "PublicTest"] * 3)
    ]
    (folder / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    packed = {}
    for split, count in (("train", 2600), ("public", 7), ("private", 7)):
        sheets = [cv2.imencode(".png", np.full((2400, 2400), n, np.uint8))[1].reshape(-1) for n in range(-(-count // 2500))]
        packed |= {f"sizes_{split}": np.array([len(s) for s in sheets]), f"sheets_{split}": np.concatenate(sheets)}
        packed |= {f"y_{split}": np.arange(count) % 7, f"votes_{split}": np.ones((count, 10), np.uint8)}
    np.savez(folder / "fer2013.npz", **packed)
    for suffix in (".png", ".jpg", ".webp", ".bmp"):
        (folder / f"face{suffix}").write_bytes(cv2.imencode(suffix, picture(60, 60))[1].tobytes())


def change_faces(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Tables as text, packs as archives, pictures as bytes."""
    if data[:2] == b"PK":
        return damaged_archive(data, rng, others)
    return damaged_text(data, rng, others) if data[:7] == b"emotion" else damaged(data, rng, others)


def beside_faces(folder: Path, name: str, data: bytes, rng: random.Random) -> Path:
    """Pictures go into their folder; a table may have the votes beside it."""
    if name.startswith("face"):
        _written(folder / "faces" / "train" / "happy" / name, data)
        return folder / "faces"
    if name.endswith(".csv") and rng.random() < 0.3:
        votes = b"Usage,Image name," + b",".join([b"v"] * 10) + b"\n" + b"Training,a.png,4,0,0,1,3,2,0,0,0,0\n" * 6
        _written(folder / "fer2013new.csv", damaged_text(votes, rng))
    return _written(folder / name, data)


def use_faces(path: Path) -> None:
    """As training reads it."""
    from emotion.training.datasets import clean_training_split, load_faces
    from emotion.training.targets import soft_targets

    splits = load_faces(path)
    for faces in splits.values():
        assert faces.images.shape == (len(faces.labels), 48, 48)
    kept, _ = clean_training_split(splits)
    soft_targets(kept.labels, kept.votes, 0.5)


# Models


def make_cards(folder: Path) -> None:
    """The smallest shipped models, a card and its weights in one file."""
    from kslr.core.cards import MODELS

    for name in ("emotion", "segmenter"):
        (folder / f"{name}.json").write_bytes((MODELS / f"{name}.json").read_bytes())


def change_card(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """As JSON, long texts left out, since they would take most of the changes."""
    card = json.loads(data)
    if rng.random() < 0.5:
        card["extra"], card["figures"] = {}, {}
    return json_text(card, rng, others)


def beside_card(folder: Path, name: str, data: bytes, rng: random.Random) -> Path:
    """The weights that the whole card names."""
    from kslr.core.cards import MODELS

    weights = Path(name).with_suffix(".tflite").name
    (folder / weights).symlink_to(MODELS / weights)
    return _written(folder / name, data)


def use_card(path: Path) -> None:
    """Loads the model and asks it."""
    if path.stem == "emotion":
        from emotion.faces import FaceCrop
        from emotion.recognizer import EmotionRecognizer

        crop = FaceCrop(np.zeros((48, 48), np.uint8), 1.0, 0.0, (0.0, 0.0, 48.0))
        answer = EmotionRecognizer(path).recognize([crop])[0]
        assert np.isfinite(answer.probabilities).all()
    else:
        from kslr.core.models import load_model

        network = load_model("sign segments", path).run
        assert np.isfinite(network(np.ones((1, *network.input_shape)))).all()


def change_weights(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """As bytes, or in what the graph says: shapes, kinds, inputs, options, with a right checksum either way."""
    from tests.robustness.graphs import changed_graph

    weights = (Path(__file__).resolve().parents[2] / "models" / f"{json.loads(data)['name']}.tflite").read_bytes()
    return damaged(weights, rng) if rng.random() < 0.4 else changed_graph(weights, rng)


def beside_weights(folder: Path, name: str, data: bytes, rng: random.Random) -> Path:
    """The whole card beside it, which says that these are its weights."""
    import hashlib

    from kslr.core.cards import MODELS

    card = json.loads((MODELS / name).read_bytes())
    card["weights"]["sha256"] = hashlib.sha256(data).hexdigest()
    _written(folder / card["weights"]["file"], data)
    return _written(folder / name, json.dumps(card).encode())


# Text


def make_manifests(folder: Path) -> None:
    """One with all columns, one with the needed ones."""
    (folder / "all.csv").write_text(
        "clip,sign,emotion,signer,start,end\na.mp4,su,happy,anna,0.5,2\nb.mp4,,,bolat,,\nc.mp4,it,sad,dana,1,\n", encoding="utf-8"
    )
    (folder / "few.csv").write_text("clip,sign,emotion,signer\nx/ә.mp4,su,,a\ny.mp4,men,angry,b\n", encoding="utf-8-sig")


def use_manifest(path: Path) -> None:
    """Reads, splits and writes it, and looks for its clips."""
    from fusion.evaluation.manifest import read_manifest, split_by_signer, write_manifest
    from fusion.evaluation.runs import answer_clip

    found = read_manifest(path)
    training, _ = split_by_signer(found)
    write_manifest(path.with_name("training.csv"), training)
    assert read_manifest(path.with_name("training.csv"))
    answer_clip(found[0], MODELS)


# `answer` needs no models where the clip is not there.
MODELS: Any = None


def transcript() -> list[Any]:
    """Two words, one with everything."""
    from fusion.observation import TaggedWord
    from kslr.vocabulary import kslr30

    emotions = dict(
        zip(("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"), np.linspace(0.1, 0.2, 7).tolist(), strict=True)
    )
    su, men = kslr30()["su"], kslr30()["men"]
    return [
        TaggedWord(su, 0.91, 0.5, 1.25, (("su", 0.91), ("it", 0.04)), "surprise", emotions, {"brow_raise": 0.7}),
        TaggedWord(men, 0.6, 2.0, 2.5, (("men", 0.6),), None),
    ]


def make_transcripts(folder: Path) -> None:
    """In every format that is read back."""
    from fusion.transcripts.elan import to_eaf
    from fusion.transcripts.exports import to_csv, to_json
    from fusion.transcripts.subtitles import to_subtitles

    words = transcript()
    (folder / "a.json").write_text(to_json(words, source="a.mp4", duration=3.0, vocabulary="kslr30"), encoding="utf-8")
    (folder / "b.csv").write_text(to_csv(words), encoding="utf-8")
    (folder / "c.srt").write_text(to_subtitles(words, "srt"), encoding="utf-8")
    (folder / "d.vtt").write_text(to_subtitles(words, "vtt"), encoding="utf-8")
    (folder / "e.eaf").write_bytes(to_eaf(words))


def change_transcript(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """JSON as JSON, the rest as lines."""
    if data[:1] == b"{":
        return json_text(json.loads(data), rng, others)
    if data[:5] == b"<?xml" and rng.random() < 0.1:
        entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(12))
        return re.sub(rb"\?>", b"?><!DOCTYPE x [" + entities.encode() + b"]>", data, count=1).replace(b"surprise", b"&a11;")
    return damaged_text(data, rng, others)


def use_transcript(path: Path) -> None:
    """Reads it and writes it in every format again."""
    from fusion.transcripts.elan import read_eaf
    from fusion.transcripts.exports import from_csv, from_json
    from fusion.transcripts.formats import DOWNLOADS, Transcript
    from fusion.transcripts.subtitles import from_subtitles
    from kslr.core.errors import InputError
    from kslr.vocabulary import kslr30

    if path.suffix == ".eaf":
        read_eaf(path)
        return
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InputError("not text") from error
    if path.suffix in (".srt", ".vtt"):
        from_subtitles(text, kslr30())
        return
    words = from_json(text) if path.suffix == ".json" else from_csv(text)
    for format in DOWNLOADS.values():
        format.serialize(Transcript(words, "x", 1.0, "x"))


def make_settings(folder: Path) -> None:
    """A classroom's first message, its configuration, and a training's checkpoint."""
    message = {"consent": True, "place": "outside-eu", "name": "5 B", "k": 5, "targets": ["camera", "region:0.1,0.2,0.3,0.4"]}
    (folder / "message.json").write_text(json.dumps(message))
    (folder / "config.json").write_text(json.dumps({"targets": ["desk", "direction:10,-5"], "weights": {"attending": 2.0}}))
    history = [{"loss": 1.0, "public": 0.5, "size": 48, "seconds": 3.0}]
    (folder / "training.json").write_text(json.dumps({"recipe": {"epochs": 3}, "dropped": {"blank": 1}, "history": history}))


def change_settings(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """As JSON."""
    return json_text(json.loads(data), rng, others)


def use_settings(path: Path) -> None:
    """As who reads it does; a session is begun with what is accepted."""
    if path.name == "config.json":
        from fusion.classroom.settings import read_settings

        read_settings(path, ["camera"])
    elif path.name == "training.json":
        from emotion.training.selection import read_run

        run = read_run(path.parent)
        assert sum(epoch.seconds for epoch in run.history) < 1e15
        assert run.select().file.endswith(".weights.h5")
    else:
        from fusion.classroom.history import History
        from ui.classroom.room import read_opening

        settings, opening = read_opening(path.read_text(encoding="utf-8", errors="replace"))
        with History("sqlite://") as history:
            history.begin(opening.name or "", k=settings.k, place=opening.place)


def make_databases(folder: Path) -> None:
    """A history with a session, its windows and a moment."""
    from fusion.classroom.history import History
    from fusion.classroom.windows import Window

    with History(f"sqlite:///{folder / 'classroom.db'}") as history:
        key = history.begin("5 B", k=5, place="outside-eu")
        for start in range(0, 300, 10):
            history.add(key, Window(float(start), start + 10.0, 4.8))
        history.note(key, 12.0, "group work starts")
        history.finish(key)
    for left in folder.glob("classroom.db-*"):
        left.unlink()


def use_database(path: Path) -> None:
    """Opens it, lists and shows, writes and deletes."""
    from fusion.classroom.history import History
    from fusion.classroom.report import render_classroom_report, windows_csv

    with History(f"sqlite:///{path}") as history:
        for session in history.sessions():
            windows, moments = history.windows(session.id), history.moments(session.id)
            render_classroom_report(session, windows, moments, "kk")
            windows_csv(windows, moments)
            history.rename(session.id, "other")
            history.delete(session.id)


# Live pictures


def make_pictures(folder: Path) -> None:
    """Messages of the Live page: a time and a JPEG, plain, progressive, grey, in four colours and with a thumbnail."""
    import io
    import struct

    from PIL import Image

    image = Image.fromarray(picture())
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "plain": (image, {}),
        "progressive": (image, {"progressive": True, "quality": 30}),
        "grey": (image.convert("L"), {}),
        "print": (image.convert("CMYK"), {"exif": exif}),
    }
    for name, (one, options) in kinds.items():
        out = io.BytesIO()
        one.save(out, "JPEG", **options)
        (folder / name).write_bytes(struct.pack("<d", 1.5) + out.getvalue())


def use_picture(path: Path) -> None:
    """As the server decodes it."""
    from ui.shared.pictures import decode_picture

    frame = decode_picture(path.read_bytes())
    assert frame.rgb.dtype == np.uint8
    assert frame.rgb.ndim == 3
    assert max(frame.rgb.shape) <= 1280


def _evaluating() -> None:
    import fusion.evaluation.runs  # noqa: F401  scikit-learn asks once for the number of cores, by a program


TARGETS: dict[str, Target] = {
    "video": Target(make_videos, use_video, megabytes=1500, seconds=40, short=120),
    "recording": Target(make_recordings, use_recording, damaged_archive, short=60),
    "pose": Target(make_poses, use_recording, megabytes=900, short=60),
    "vocabulary": Target(make_vocabularies, use_vocabulary, change_vocabulary, prepare=encoder, short=60),
    "dataset": Target(make_datasets, use_dataset, change_dataset, beside=beside_dataset, short=80),
    "faces": Target(make_faces, use_faces, change_faces, beside=beside_faces, short=60),
    "card": Target(make_cards, use_card, change_card, beside=beside_card, short=60),
    "weights": Target(make_cards, use_card, change_weights, beside=beside_weights, seconds=60, short=8),
    "manifest": Target(make_manifests, use_manifest, damaged_text, prepare=_evaluating, short=150),
    "transcript": Target(make_transcripts, use_transcript, change_transcript, short=150),
    "settings": Target(make_settings, use_settings, change_settings, short=100),
    "database": Target(make_databases, use_database, short=60),
    "picture": Target(make_pictures, use_picture, short=200),
}
