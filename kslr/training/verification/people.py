"""Recordings of the packs with their signers, and which words and people are learnt from, choose, and are tested on.

The split is by words and people and was fixed before any training. Whole sources choose and are tested on. Of the Taiwanese
pack twelve words are tested on, by signers C and D above all, of whom nothing is learnt; ten words choose. Of the Russian
dictionaries the first is learnt from, without the words that are in both and without those of the shipped vocabulary.
"""

import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.core.arrays import read_array, read_arrays
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import ASPECT, VALUES, absent_as_nan
from kslr.points import BODY_AND_HANDS, COLUMNS, COUNT, UNITS, select_points
from kslr.recordings import Recording, cut_signs
from kslr.training.clips import idle_parts, stack_windows
from kslr.training.packs import packs_folder, read_pack, to_raw

TAIWANESE = "leo900713/SignLens"
VALID = ("VanshikaS-1912/Sign-Language-to-Text-Translation", "yunlisa96/hand-sign-recognition", "zunaidansari/CommAssist")
TEST = (
    "Laya303/ASL-Word-Level-Translation-Using-LSTM",
    "priyanshkh14/ISL-project",
    "Shreehar-KE/ISL-Action-Recognition",
    "pra23pat/Major",
    "Aastha-Shreya/Real-Time-SignLanguageDetection",
    "divyashC/BSL-Word-Level",
    "Omkar-code-mur/ActionRecognition",
    "Omkar-code-mur/ISLRecognision",
    "Retaehc-pop/TF_SignLanguage",
)
VALID_SIGNERS, TEST_SIGNERS = ("signlens:A", "signlens:B"), ("signlens:C", "signlens:D")  # F may be A
NOBODY = "signlens:mixed"
SEED = 19
FIRST = "dictionary 1"  # of the Russian dictionaries
PACKS = ("signers_pose_hands", "world_pose_hands", "ksl30_by_meaning", "holistic59", "qazsign7_hands")
# Words that American recorders sign alike mostly; other equal glosses may be other signs.
SHARED = frozenset({"hello", "thanks", "iloveyou", "yes", "no", "please", "help", "you", "goodbye", "seeyoulater"})
_SAME_WORD = {"thankyou": "thanks", "thank": "thanks", "ily": "iloveyou"}
# Words of the shipped vocabulary's clips, which are in the first dictionary too.
_SHIPPED = {
    *("человек", "умный", "погода", "лицо", "сегодня", "собака", "хороший", "хорошо", "плохо", "плохой", "прекрасный", "я"),
    *("любить", "любовь", "играть", "привет", "пока", "вода", "холодный", "большой", "самолет", "самолёт", "учиться"),
    *("горячий", "жаркий"),
}
_MARKERS = [7, 9, 30]  # of these: an elbow and both wrists
BATCH = 256


@dataclass(frozen=True)
class People:
    """Recordings of the packs.

    Attributes:
        points: (n, 30, 51, 3) float16 points of body and hands, absent parts zeros.
        word, signer, source, language, pack: (n,) str.
    """

    points: np.ndarray
    word: np.ndarray
    signer: np.ndarray
    source: np.ndarray
    language: np.ndarray
    pack: np.ndarray

    def __len__(self) -> int:
        return len(self.word)

    def __getitem__(self, rows: np.ndarray) -> "People":
        """Some rows, by indices or a mask."""
        return People(*(getattr(self, name)[rows] for name in ("points", "word", "signer", "source", "language", "pack")))


def read_people(folder: str | Path | None = None, packs: Sequence[str] = PACKS) -> People:
    """The packs' recordings; of copies in several packs the first is kept, so packs that name signers go first.

    Raises:
        InputError: a pack is missing.
    """
    parts = [_read(name, folder) for name in packs]
    every = People(*[np.concatenate([part[i] for part in parts]) for i in range(6)])
    key = every.points[:, ::5, _MARKERS].astype(np.float32).round(2).reshape(len(every), -1)
    return every[np.sort(np.unique(key, axis=0, return_index=True)[1])]


def _read(name: str, folder: str | Path | None) -> tuple[np.ndarray, ...]:
    arrays = read_pack(name, folder)
    n = len(arrays["x"])
    points = np.concatenate([read_points(to_raw(arrays["x"][i : i + BATCH], name)) for i in range(0, n, BATCH)])
    if "aspect" in arrays:  # The raw contract takes pictures as 4:3.
        points[..., [0, 2]] *= (arrays["aspect"] / ASPECT).astype(np.float16)[:, None, None, None]
    source = arrays.get("source", np.full(n, name.removesuffix("_hands")))
    source = np.char.replace(np.char.replace(source, "__", "/"), " (INCLUDE)", "")
    # A recorder who names nobody is one signer, whatever the pack.
    signer = arrays["signer"] if name == "signers_pose_hands" else source
    signer = np.where(np.char.startswith(signer, "recorders"), source, signer)
    language = arrays.get("language", np.full(n, ""))
    return points, arrays.get("original_label", arrays["label"]).astype(str), signer, source, language, np.full(n, name)


def read_points(x: np.ndarray) -> np.ndarray:
    """(n, frames, 1662) → (n, frames, 51, 3) float16 points of body and hands, absent parts zeros."""
    return np.nan_to_num(select_points(x)[:, :, BODY_AND_HANDS]).astype(np.float16)


def embed_people(encoder: SignEncoder, points: np.ndarray) -> np.ndarray:
    """(n, 30, 51, 3) points → (n, values) embeddings, through the network that is shipped."""
    columns, units = (part.reshape(COUNT, 3)[BODY_AND_HANDS] for part in (COLUMNS, UNITS))
    found = []
    for i in range(0, len(points), BATCH):
        part = points[i : i + BATCH].astype(np.float32)
        x = np.zeros((*part.shape[:2], VALUES), np.float32)
        x[..., columns] = part / units
        found.append(encoder.embed(x))
    return np.concatenate(found)


def split_taiwanese(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that are tested on and those that choose, by seed."""
    order = np.random.default_rng(SEED).permutation(sorted(words)).tolist()
    return sorted(order[:12]), sorted(order[12:22])


def split_roles(data: People) -> np.ndarray:
    """(n,) ``train``, ``valid``, ``test``, or ``out`` for what nobody may look at."""
    role = np.full(len(data), "train", dtype="<U5")
    role[np.isin(data.source, VALID)] = "valid"
    role[np.isin(data.source, TEST)] = "test"
    own = data.source == TAIWANESE
    test, valid = split_taiwanese(sorted(set(data.word[own].tolist())))
    role[own & np.isin(data.word, valid)] = "valid"
    role[own & np.isin(data.signer, TEST_SIGNERS)] = "out"
    role[own & np.isin(data.word, test)] = "test"
    role[own & (data.signer == NOBODY)] = "out"
    return role


def gloss_of(word: str) -> str:
    """A word as it is compared between sources.

    >>> gloss_of("Thank_You")
    'thanks'
    """
    plain = word.lower().replace("_", "").replace("-", "").replace(" ", "").strip("!?.")
    return _SAME_WORD.get(plain, plain)


def name_classes(data: People) -> np.ndarray:
    """(n,) str, the class of each recording: signs shared by American recorders are one, others one a source."""
    american = set(data.source[data.language == "ASL"].tolist())
    gloss = np.array([gloss_of(word) for word in data.word])
    shared = [g in SHARED and (s in american or g == "iloveyou") for g, s in zip(gloss, data.source, strict=True)]
    return np.where(shared, np.char.add("ASL|", gloss), np.char.add(np.char.add(data.source, "|"), gloss))


def read_dictionary(folder: str | Path | None = None) -> tuple[list[Recording], np.ndarray, np.ndarray]:
    """The clips of `rsl_dictionary`, their words and their signers.

    Raises:
        InputError: the pack is missing.
    """
    found = packs_folder(folder)
    if found is None or not (found / "rsl_dictionary.npz").is_file():
        raise InputError("No pack 'rsl_dictionary' was found. Set KSLR_DATA to the folder that holds rsl_dictionary.npz.")
    arrays = read_arrays(found / "rsl_dictionary.npz", 1 << 30)
    with lzma.open(found / "rsl_dictionary.npy.xz") as stream:
        steps = read_array(stream, 1 << 32)
    clips = []
    for i, part in enumerate(np.split(steps, np.cumsum(arrays["length"])[:-1])):
        clip = np.zeros((len(part), VALUES), np.float32)
        clip[:, arrays["columns"]] = np.cumsum(part, axis=0, dtype=np.int16).astype(np.float32) / 2048
        seconds = np.arange(len(part)) / float(arrays["fps"][i])
        clips.append(Recording(seconds, absent_as_nan(clip), float(arrays["aspect"][i]), str(i)))
    return clips, arrays["label"], arrays["signer"]


def clips_to_learn(folder: str | Path | None = None) -> list[tuple[Recording, str]]:
    """The clips of the first dictionary that may be learnt from, with their words."""
    clips, word, signer = read_dictionary(folder)
    asked = set(word[signer == FIRST]) & set(word[signer != FIRST]) | _SHIPPED
    return [(c, str(w)) for c, w, s in zip(clips, word, signer, strict=True) if s == FIRST and w not in asked]


def dictionary_windows(folder: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Points of the signs, and of the idle parts, in the clips of the first dictionary that may be learnt from."""
    own = [clip for clip, _ in clips_to_learn(folder)]
    signs, idle = ([one for clip in own for one in cut(clip)] for cut in (cut_signs, idle_parts))
    return read_points(stack_windows(signs)), read_points(stack_windows(idle))
