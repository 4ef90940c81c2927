"""What the shipped vocabulary of thirty Kazakh signs learns from: words, idle hands and signs that are none of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kslr.recordings import cut_signs
from kslr.segmenter import find_signs
from kslr.training.clips import read_clips, stack_windows
from kslr.training.datasets import SignData, join_datasets, load_pack, sign_data
from kslr.training.packs import pack_names
from kslr.training.streams.joining import idle_streams
from kslr.training.streams.material import Material
from kslr.training.verification.people import FIRST, read_dictionary
from kslr.vocabulary import kslr30

# Words of the other packs, letters only, whose meaning is one of ours: they are no examples of other signs.
_OURS = (
    "hello hi halo hola ola merhaba salam salom xinchao namaste nihao privet bonjour i me my saya aku yo eu ben toi learn "
    "study estudar aprender gesture sign today hoy hariini bugun weather good baik bien bom well fine great nice iloveyou "
    "love amor loveyou teamo cold hot thanks thankyou thank gracias obrigado terima terimakasih tesekkur camon phone call "
    "telephone quiet silent silence shh dance dancing chest play clever smart wise airplane plane face person people man "
    "rooster chicken taxi rude dog perro perfect excellent bad mal buruk water agua air su goodbye bye adios adeus tchau "
    "tambiet loud noise big large grande besar"
)
_LETTERS = {"я"}  # labels of the second dictionary that are a letter of the alphabet as well as a word


@dataclass(frozen=True)
class WordClip:
    """A dictionary clip.

    Attributes:
        word: which it shows.
        name: of its file.
        signs: (n, 30, 1662) windows of its signs, absent parts NaN.
    """

    word: str
    name: str
    signs: np.ndarray


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
        WordClip(word, recording.name, stack_windows(cut_signs(recording)))
        for word, recording in read_clips(folder)
        if word in known
    ]


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


def is_ours(word: str) -> bool:
    """Whether a word of a pack may mean one of our words, so that its sign is no example of another word.

    >>> is_ours("Thank_You"), is_ours("window")
    (True, False)
    """
    return _letters(word) in _OURS.split() or word in kslr30()


def _letters(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalpha())


def word_recordings(clips: Sequence[WordClip], packs: str | Path | None) -> SignData:
    """Recordings of our words in clips, in the second dictionary and in packs; the source is ``rsl`` for clips, else the pack.

    The clips are in the first dictionary too, so that one is not read.
    """
    known, parts = kslr30(), []
    signs = [(window, clip.word, clip.name, "rsl") for clip in clips for window in clip.signs]
    if "rsl_dictionary" in pack_names(packs):
        signs += second_dictionary_signs(packs)
    if signs:
        windows, words, names, sources = zip(*signs, strict=True)
        data = sign_data(np.stack(windows), words, signer=names, clip=names, name="rsl")
        parts.append(replace(data, source=np.array(sources)))
    for name in ("ksl30_by_meaning", "qazsign7_hands"):
        if name in pack_names(packs):
            data = load_pack(name, packs)
            data = data.select_classes([n for n in data.names if n in known])
            parts.append(replace(data, source=np.full(len(data), name), name=name))
    return join_datasets(parts, "kslr30")


def second_dictionary_signs(packs: str | Path | None) -> list[tuple[np.ndarray, str, str, str]]:
    """Signs of the second dictionary whose Russian word is one of ours: window, word, clip and source of each."""
    ours = {sign.ru.lower(): sign.id for sign in kslr30().signs}
    signs = []
    for recording, word, signer in zip(*read_dictionary(packs), strict=True):
        if signer != FIRST and word in ours and word not in _LETTERS:
            windows = stack_windows(cut_signs(recording))
            signs += [(window, ours[word], f"dictionary 2: {word}", "rsl_dictionary") for window in windows]
    return signs
