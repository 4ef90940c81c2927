"""What the shipped vocabulary of thirty Kazakh signs learns from: words, idle hands and signs that are none of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from kslr.landmarks import VALUES
from kslr.recordings import idle_parts, recordings, segments
from kslr.segment import SignSegment
from kslr.segmenter import LearnedSegmenter
from kslr.training.datasets import SignData, load_pack
from kslr.training.packs import pack_names
from kslr.training.streams.joining import Part, idle_streams
from kslr.vocabulary import kslr30

# Words of the foreign packs whose meaning is one of ours: no negatives can be made of them.
_OURS = (
    "hello hi halo hola ola merhaba salam salom xinchao xin_chao namaste nihao privet bonjour i me my saya aku yo eu ben toi "
    "learn study estudar aprender gesture sign today hoy hari_ini bugun weather good baik bien bom well fine great nice "
    "iloveyou love amor loveyou te_amo i_love_you cold hot thanks thankyou thank gracias obrigado terima terima_kasih tesekkur "
    "cam_on phone call telephone quiet silent silence shh dance dancing chest play clever smart wise airplane plane face person "
    "people man rooster chicken taxi rude dog perro perfect excellent bad mal buruk water agua air su goodbye bye adios adeus "
    "tchau tam_biet loud noise big large grande besar"
)


@dataclass(frozen=True)
class Clip:
    """A clip's signs and idle parts as windows, (n, 30, 1662), absent parts NaN."""

    word: str
    name: str
    signs: np.ndarray
    idle: np.ndarray


def read_clips(folder: str | Path) -> list[Clip]:
    """The clips of our words in a folder ``WORD--russian.mp4`` or ``word/clip.mp4`` (or landmark files of them)."""
    known = kslr30()
    return [
        Clip(word, recording.name, _windows(segments(recording)), _windows(_cut(idle_parts(recording))))
        for word, recording in recordings(folder)
        if word in known
    ]


def _windows(parts: list[SignSegment]) -> np.ndarray:
    return np.stack([part.window() for part in parts]) if parts else np.zeros((0, 30, VALUES), np.float32)


def _cut(parts: list[SignSegment], longest: float = 1.2) -> list[SignSegment]:
    """Long parts in pieces, as a segmenter's false alarms would be."""
    pieces = []
    for part in parts:
        count = max(1, int((part.end - part.start) // longest))
        edges = np.linspace(part.start, part.end, count + 1)
        for start, end in pairwise(edges):
            inside = tuple(f for f in part.landmarks if start <= f.seconds <= end)
            if len(inside) >= 5:
                pieces.append(SignSegment(float(start), float(end), inside))
    return pieces


@dataclass(frozen=True)
class FalseAlarms:
    """What the segmenter takes for signs where nobody signs.

    Attributes:
        windows: (n, 30, 1662), absent parts NaN.
        source: (n,) the recorder.
        minutes: how long nobody signed.
    """

    windows: np.ndarray
    source: np.ndarray
    minutes: float


def false_alarms(parts: Sequence[Part], minutes: float, seed: int, touches: float = 0.7, kind: str = "scratching") -> FalseAlarms:
    """Runs the segmenter over joined streams in which nobody signs (`kslr.training.streams.joining.join_idle`).

    Args:
        parts: of one side of the split.
        touches, kind: share of rests after which a hand goes up, stays and goes down again, and what it does there.
    """
    windows, sources, seconds = [], [], 0.0
    for stream in idle_streams(parts, seed, touches, kind):
        segmenter = LearnedSegmenter()
        found = [segmenter.push(frame) for frame in stream.landmarks()]
        signs = [segment for segment in [*found, segmenter.flush()] if segment]
        windows.append(_windows(signs))
        sources += [stream.source] * len(signs)
        seconds += float(stream.seconds[-1])
        if seconds >= 60 * minutes:
            break
    return FalseAlarms(np.concatenate(windows), np.array(sources), seconds / 60)


def foreign(packs: str | Path | None, each: int, seed: int, without: Sequence[str] = ()) -> SignData:
    """At most `each` recordings of each pack whose words are none of ours, for the no-sign class.

    Args:
        without: recorders who must stay unseen, as `SignData.source` names them.
    """
    from kslr.training.datasets import joined

    ours = {_plain(word) for word in _OURS.split()}
    generator = np.random.default_rng(seed)
    parts = []
    for name in ("world_pose_hands", "holistic59", "krsl20_hands", "qazsign7_hands"):
        if name not in pack_names(packs):
            continue
        data = load_pack(name, packs)
        allowed = np.array([_plain(n) not in ours and n not in kslr30() for n in data.names])
        rows = np.flatnonzero(allowed[data.label] & ~np.isin(np.char.replace(data.source, "__", "/"), list(without)))
        parts.append(data[generator.choice(rows, min(each, len(rows)), replace=False)])
    return joined(parts, "foreign")


def _plain(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalpha())


def words(clips: list[Clip], packs: str | Path | None) -> SignData:
    """Recordings of our words in clips and packs, as one data set; the source is ``rsl`` for clips, else the pack."""
    from kslr.training.datasets import joined, sign_data

    known, parts = kslr30(), []
    with_signs = [c for c in clips if len(c.signs)]
    if with_signs:
        counts = [len(c.signs) for c in with_signs]
        clip_names = np.repeat([c.name for c in with_signs], counts)
        parts.append(
            sign_data(
                np.concatenate([c.signs for c in with_signs]),
                np.repeat([c.word for c in with_signs], counts),
                signer=clip_names,
                source=["rsl"] * sum(counts),
                clip=clip_names,
                name="rsl",
            )
        )
    for name in ("ksl30_by_meaning", "qazsign7_hands"):
        if name in pack_names(packs):
            data = load_pack(name, packs)
            data = data.only([n for n in data.names if n in known])
            parts.append(SignData(data.x, data.label, data.names, data.signer, np.full(len(data), name), data.clip, name))
    return joined(parts, "kslr30")


def no_sign(clips: list[Clip], others: SignData) -> np.ndarray:
    """Windows of the no-sign class: idle parts of clips and foreign signs, (n, 30, 1662)."""
    idle = [c.idle for c in clips if len(c.idle)]
    return np.concatenate([*idle, others.x]) if idle else others.x
