"""Makes the dictionary of Russian Sign Language, and measures how well signs of another signer are found in it.

Of the words that both dictionaries of the pack hold, half choose how signs are compared and half are only measured; in both
cases the first dictionary is shown and the second signer's clips are asked. The half is drawn by the seed of
`kslr.training.verification.people`.

The shipped dictionary holds embeddings of the first dictionary, never landmarks. The second signer's words are left out: she
keeps her other hand in view, so that her recordings lie near whoever does the same, and cost every other word places.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from time import thread_time
from typing import Annotated, Any, Literal

import numpy as np
import typer

from kslr.core.cards import Card, read_card, read_card_arrays, write_card
from kslr.core.training import current_commit
from kslr.encoder import SignEncoder
from kslr.lookup.comparison import LookUpRule, Parts, nearest_words, read_parts
from kslr.lookup.dictionary import TASK, SignDictionary
from kslr.teaching.verification import mean_of_largest
from kslr.training.lookup import place_figures, place_of
from kslr.training.ship.options import OUT, Out
from kslr.training.ship.rsl_clips import Clips, dictionary_words, read_dictionary_clips, shared_words
from kslr.training.verification.people import FIRST

WHOLE: Parts = ((0.0, 1.0),)
THREE: Parts = (*WHOLE, (0.15, 1.0), (0.0, 0.85))
FIVE: Parts = (*THREE, (0.15, 0.85), (0.25, 0.75))
COHORT = 5  # nearest impostors of the bank whose mean nearness is a recording's crowding
# What is tried: at most three windows are embedded for a sign that is asked, so that a look-up takes milliseconds.
CANDIDATES = tuple(
    LookUpRule(shown, asked, still, both, crowding)
    for shown, asked, (still, both), crowding in product(
        (WHOLE, FIVE), (WHOLE, THREE), ((0.0, False), (0.4, False), (0.4, True)), (0.0, 0.5, 1.0, 1.5)
    )
    if not (both and asked is THREE)
)
Pack = Annotated[Path, typer.Argument(help="The pack rsl_dictionary, or the folder that holds it.")]


def ship_rsl(
    pack: Pack,
    out: Out = OUT,
    measure: Annotated[
        Literal["choose", "report"] | None,
        typer.Option(help="Only measure: what was tried on the choosing words, or the shipped rule on the others."),
    ] = None,
) -> None:
    """Make the dictionary rsl with the encoder in the folder, or measure it."""
    encoder, clips = SignEncoder(out / "sign_encoder.json"), read_dictionary_clips(pack)
    if measure == "report":
        return print(json.dumps(add_report(encoder, clips, out), indent=1))
    embedder, (choosing, _) = Embedder(encoder, clips), shared_words(clips)
    tried = try_rules(embedder, choosing)
    for places, rule in tried if measure == "choose" else tried[:1]:
        figures = place_figures(places)
        print(f"mrr {figures['mrr']:.3f} ten {figures['top10_accuracy']:.3f} {describe_rule(rule)} {places}")
    if measure is None:
        rule = tried[0][1]
        print(write_dictionary(embedder, encoder, clips, rule, {"choosing": measure_rule(embedder, choosing, rule)}, out))
    return None


class Embedder:
    """Embeds parts of clips, each once.

    Args:
        encoder: what embeds.
        clips: which are embedded.
    """

    def __init__(self, encoder: SignEncoder, clips: Clips) -> None:
        self._encoder, self._clips = encoder, clips
        self._kept: dict[Any, np.ndarray] = {}

    def embed(self, rows: np.ndarray, parts: Parts, still: float, both: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings of some clips as `kslr.lookup.comparison.read_parts` gives them, and the clip of each (without `both`)."""
        windows, clip = self._clips.of(rows)
        keys = [(rows.tobytes(), part, still, both) for part in parts]
        for key, part in zip(keys, parts, strict=True):
            if key not in self._kept:
                self._kept[key] = self._encoder.embed(read_parts(windows, (part,), still, both))
        return np.concatenate([self._kept[key] for key in keys]), np.tile(clip, len(parts))

    def show(self, rule: LookUpRule) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What a dictionary of the first signers' clips shows.

        Returns:
            (n, values) embeddings, (n,) the clip of each, and (n,) what is subtracted from nearness to it.
        """
        rows, clip = self.embed(np.flatnonzero(self._clips.signer == FIRST), rule.shown, rule.still)
        near = mean_of_largest(rows @ self._encoder.bank.T, COHORT)
        return rows, clip, (rule.crowding * (near - near.min())).astype(np.float32)

    def find_places(self, words: Sequence[str], rule: LookUpRule) -> list[int]:
        """The place of each word when the second signer's clips of it are asked."""
        rows, clip, crowding = self.show(rule)
        names, label = np.unique(self._clips.word[clip], return_inverse=True)
        order, places = np.argsort(label, kind="stable"), []
        for word in words:
            own = np.flatnonzero((self._clips.signer != FIRST) & (self._clips.word == word))
            asked, _ = self.embed(own, rule.asked, rule.still, rule.both)
            nearness = nearest_words(asked, rows[order], label[order], crowding[order]).max(axis=0)
            places.append(place_of(nearness, np.flatnonzero(names == word)) or len(names))
        return places


def try_rules(embedder: Embedder, words: Sequence[str]) -> list[tuple[list[int], LookUpRule]]:
    """All candidates with the places they give, best first: by mean inverse place plus share in the first ten."""
    tried = [(embedder.find_places(words, rule), rule) for rule in CANDIDATES]
    return sorted(tried, key=lambda one: -sum(place_figures(one[0])[name] for name in ("mrr", "top10_accuracy")))


def measure_rule(embedder: Embedder, words: Sequence[str], rule: LookUpRule) -> dict[str, Any]:
    """How well the second signer's words are found."""
    places = embedder.find_places(words, rule)
    return {"words": len(words), **place_figures(places), "places": places}


def describe_rule(rule: LookUpRule) -> str:
    """A rule in a few words."""
    still = f"still {rule.still}{' both' if rule.both else ''}"
    return f"shown {len(rule.shown)} asked {len(rule.asked)} {still} crowding {rule.crowding}"


def write_dictionary(
    embedder: Embedder, encoder: SignEncoder, clips: Clips, rule: LookUpRule, figures: dict[str, Any], out: Path
) -> Path:
    """Writes ``rsl`` with its card."""
    rows, clip, crowding = embedder.show(rule)
    names = {name["id"]: name for name in dictionary_words(clips.word[np.unique(clip)].tolist())}
    ids, label = np.unique(clips.ids()[clip], return_inverse=True)
    order = np.argsort(label, kind="stable")
    words = [{**names[one], "recordings": len(np.unique(clip[label == n]))} for n, one in enumerate(ids.tolist())]
    card = Card(
        name="rsl",
        task=TASK,
        labels=(),
        input=encoder.card.input,
        sources=(
            {
                "name": "rsl_dictionary, dictionary 1: front-view dictionary clips of Russian Sign Language by several people",
                "samples": len(np.unique(clip)),
                "licence": "not stated: research and demonstration only; embeddings alone are kept, no landmarks and no video",
            },
        ),
        protocol="Every sign of every clip, and parts of it, embedded by the encoder that the card names. How signs are compared "
        f"was chosen among {len(CANDIDATES)} rules on half of the words that two signers show (choosing); the other half "
        "(reporting) chose nothing. Figures: the first dictionary is shown, the second signer's clips are asked, all nearest "
        "words count. The encoder has seen clips of dictionary 1 in training, but none of these words. Command: "
        "python -m kslr.training.ship rsl PACK; --measure report adds the other half.",
        figures=figures,
        calibration={},
        limits="Gives the nearest words, none of them for certain. Most words have one recording by one signer; a word can have "
        "other signs. Kazakh names are left out where the translation is not sure.",
        commit=current_commit(),
        weights={},
        extra={"encoder": encoder.card.weights["sha256"], "rule": asdict(rule), "words": len(words)},
    )
    arrays: dict[str, np.ndarray] = {
        "embeddings": rows[order].astype(np.float16),
        "label": label[order].astype(np.int32),
        "crowding": crowding[order],
        "words": np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), np.uint8),
    }
    for _ in range(2):  # so that its files have their own names again
        path = write_card(out, card, None, arrays)
    return path


def add_report(encoder: SignEncoder, clips: Clips, out: Path) -> dict[str, Any]:
    """Measures the shipped rule on the words that chose nothing, and the time of a look-up, and adds both to the card."""
    path = out / "rsl.json"
    dictionary = SignDictionary(path, encoder)
    windows = clips.of(np.flatnonzero(clips.signer != FIRST))[0]
    found = {
        "reporting": measure_rule(Embedder(encoder, clips), shared_words(clips)[1], dictionary.rule),
        "core_milliseconds": time_look_up(path, windows),
    }
    card = read_card(path)[0]
    write_card(out, replace(card, figures={**card.figures, **found}), None, read_card_arrays(path, card))
    return found


def time_look_up(path: Path, windows: np.ndarray) -> float:
    """Median milliseconds that one core works to find the words nearest to a window, waiting for the core left out.

    Args:
        windows: (n, 30, 1662).
    """
    dictionary, spent = SignDictionary(path, SignEncoder(path.with_name("sign_encoder.json"), threads=1)), []
    for window in windows[:100]:
        begun = thread_time()
        dictionary.nearness(window[None])
        spent.append(1000 * (thread_time() - begun))
    return float(np.median(spent))
