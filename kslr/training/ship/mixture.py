"""What the shipped vocabulary of thirty Kazakh signs learns from: words, idle hands and signs that are none of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from kslr.recordings import cut_signs
from kslr.segment import SignSegment
from kslr.segmenter import find_signs
from kslr.training.clips import idle_parts, read_clips, stack_windows
from kslr.training.datasets import SignData, join_datasets, load_pack, sign_data
from kslr.training.packs import pack_names
from kslr.training.streams.joining import idle_streams
from kslr.training.streams.material import Material
from kslr.vocabulary import kslr30

# Words of the other packs whose meaning is one of ours: they are no examples of other signs.
_OURS = (
    "hello hi halo hola ola merhaba salam salom xinchao xin_chao namaste nihao privet bonjour i me my saya aku yo eu ben toi "
    "learn study estudar aprender gesture sign today hoy hari_ini bugun weather good baik bien bom well fine great nice "
    "iloveyou love amor loveyou te_amo i_love_you cold hot thanks thankyou thank gracias obrigado terima terima_kasih tesekkur "
    "cam_on phone call telephone quiet silent silence shh dance dancing chest play clever smart wise airplane plane face person "
    "people man rooster chicken taxi rude dog perro perfect excellent bad mal buruk water agua air su goodbye bye adios adeus "
    "tchau tam_biet loud noise big large grande besar"
)
PIECE_SECONDS = 1.2  # length of the pieces that long idle parts are cut into


@dataclass(frozen=True)
class WordClip:
    """A dictionary clip.

    Attributes:
        word: which it shows.
        name: of its file.
        signs: (n, 30, 1662) windows of its signs, absent parts NaN.
        idle: (m, 30, 1662) windows of its idle parts, absent parts NaN.
    """

    word: str
    name: str
    signs: np.ndarray
    idle: np.ndarray


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


def read_word_clips(folder: str | Path) -> list[WordClip]:
    """The clips of our words in a folder ``WORD--russian.mp4`` or ``word/clip.mp4`` (or landmark files of them)."""
    known = kslr30()
    return [
        WordClip(word, recording.name, stack_windows(cut_signs(recording)), stack_windows(_cut_pieces(idle_parts(recording))))
        for word, recording in read_clips(folder)
        if word in known
    ]


def _cut_pieces(parts: Sequence[SignSegment]) -> list[SignSegment]:
    """Long parts in pieces, as the segmenter's false alarms would be."""
    pieces = []
    for part in parts:
        edges = np.linspace(part.start, part.end, max(1, int((part.end - part.start) // PIECE_SECONDS)) + 1)
        for start, end in pairwise(edges):
            inside = tuple(f for f in part.landmarks if start <= f.seconds <= end)
            if len(inside) >= 5:
                pieces.append(SignSegment(float(start), float(end), inside))
    return pieces


def false_alarms(
    material: Sequence[Material], minutes: float, seed: int, touches: float = 0.7, kind: str = "scratching"
) -> FalseAlarms:
    """Runs the segmenter over joined streams in which nobody signs (`kslr.training.streams.joining.join_idle`).

    Args:
        material: of one side of the split.
        touches, kind: share of rests after which a hand goes up, and what it does there.
    """
    windows, sources, seconds = [], [], 0.0
    for stream in idle_streams(material, seed, touches, kind):
        signs = find_signs(stream.landmarks())
        windows.append(stack_windows(signs))
        sources += [stream.source] * len(signs)
        seconds += float(stream.seconds[-1])
        if seconds >= 60 * minutes:
            break
    return FalseAlarms(np.concatenate(windows), np.array(sources), seconds / 60)


def all_false_alarms(material: Sequence[Material], minutes: float, seed: int) -> FalseAlarms:
    """False alarms of resting, scratching and posing people, `minutes` of each."""
    kinds = ((0.0, "posing"), (0.7, "scratching"), (0.7, "posing"))
    found = [false_alarms(material, minutes, seed + 10 * i, touches, kind) for i, (touches, kind) in enumerate(kinds)]
    windows, source = (np.concatenate([getattr(one, name) for one in found]) for name in ("windows", "source"))
    return FalseAlarms(windows, source, sum(one.minutes for one in found))


def foreign_signs(packs: str | Path | None, each: int, seed: int, without: Sequence[str] = ()) -> SignData:
    """At most `each` recordings of each pack whose words are none of ours, for the no-sign class.

    Args:
        without: recorders who must stay unseen, as `SignData.source` names them.
    """
    known, ours = kslr30(), {_letters(word) for word in _OURS.split()}
    generator = np.random.default_rng(seed)
    parts = []
    for name in ("world_pose_hands", "holistic59", "krsl20_hands", "qazsign7_hands"):
        if name in pack_names(packs):
            data = load_pack(name, packs)
            allowed = np.array([_letters(n) not in ours and n not in known for n in data.names])
            rows = np.flatnonzero(allowed[data.label] & ~np.isin(data.source, list(without)))
            parts.append(data[generator.choice(rows, min(each, len(rows)), replace=False)])
    return join_datasets(parts, "foreign")


def _letters(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalpha())


def word_recordings(clips: Sequence[WordClip], packs: str | Path | None) -> SignData:
    """Recordings of our words in clips and packs as one data set; the source is ``rsl`` for clips, else the pack."""
    known, parts = kslr30(), []
    signs = [(window, clip.word, clip.name) for clip in clips for window in clip.signs]
    if signs:
        windows, words, names = zip(*signs, strict=True)
        parts.append(sign_data(np.stack(windows), words, signer=names, clip=names, name="rsl"))
    for name in ("ksl30_by_meaning", "qazsign7_hands"):
        if name in pack_names(packs):
            data = load_pack(name, packs)
            data = data.select_classes([n for n in data.names if n in known])
            parts.append(replace(data, source=np.full(len(data), name), name=name))
    return join_datasets(parts, "kslr30")
