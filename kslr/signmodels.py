"""The sign models that a recogniser can ask: trained networks, shipped recordings and taught vocabularies, in one form."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kslr.core.cards import MODELS, Card, card_path, read_card, read_card_arrays
from kslr.core.errors import InputError
from kslr.core.models import load_model
from kslr.landmarks import VALUES
from kslr.teaching.verification import Verifier
from kslr.vocabulary import IDLE, Vocabulary, model_vocabulary

TASK = "signs"


class SignModel(NamedTuple):
    """A model that is ready to be asked.

    Attributes:
        card: what it is.
        vocabulary: its words.
        run: (n, frames, 1662) windows, absent parts zeros → (n, labels) probabilities, in the order of the card's labels.
        frames: of a window.
        file: the card or the vocabulary file.
    """

    card: Card
    vocabulary: Vocabulary
    run: Callable[[np.ndarray], np.ndarray]
    frames: int
    file: Path


def load_sign_model(model: str | Path, threads: int = 2) -> SignModel:
    """Loads a sign model.

    Args:
        model: a shipped model's name (``kslr30``), the path of a card (``.json``), or a taught vocabulary by name or path.
        threads: CPU threads of one call.

    Raises:
        InputError: no such model, or it is damaged or of another task.

    >>> load_sign_model("kslr30").frames
    30
    """
    taught = taught_file(model)
    try:
        return _load_taught(taught, threads) if taught else _load_shipped(model, threads)
    except InputError as error:
        if error.code != "no-model":
            raise
        raise InputError(f"{error}{_list_taught()}", error.code) from error


def shipped_sign_cards() -> list[Card]:
    """The cards of the shipped sign models, in the order of their names.

    >>> [card.name for card in shipped_sign_cards()]
    ['krsl20', 'kslr30']
    """
    cards = [read_card(path)[0] for path in sorted(MODELS.glob("*.json"))]
    return [card for card in cards if card.task == TASK]


def _load_shipped(model: str | Path, threads: int) -> SignModel:
    path = card_path(model)
    card, weights = read_card(path)
    return _load_network(model, threads) if weights else _load_recordings(path, card, threads)


def _load_recordings(path: Path, card: Card, threads: int) -> SignModel:
    """A shipped vocabulary without a network of its own: recordings as embeddings, each of a variant of a word."""
    from kslr.encoder import SignEncoder

    if card.task != TASK:
        raise InputError(f"{path} is for the task {card.task!r}, not {TASK!r}. Choose a model for {TASK!r}.", "other-task")
    encoder, arrays = SignEncoder(threads=threads), read_card_arrays(path, card)
    if card.extra.get("encoder") != encoder.card.weights["sha256"]:
        raise InputError(f"{path} was made with another encoder. Install or make both again.", "other-encoder")
    try:
        rows, label, word = (arrays[name] for name in ("rows", "label", "word"))
        if rows.ndim != 2 or rows.shape[1] != encoder.values or word.max() + 2 != len(card.labels) or card.labels[-1] != IDLE:
            raise ValueError("shapes")
        verifier = Verifier.from_recordings(rows.astype(np.float32), label, encoder.bank, encoder.rule, word)
        words = model_vocabulary(card.name, card.labels[:-1]).with_training(card.extra["trained_on"])
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise InputError(f"The arrays of {path} are damaged. Install or make it again.") from error
    return SignModel(card, words, lambda x: verifier.probabilities(encoder.embed(x)), encoder.frames, path)


def _load_network(model: str | Path, threads: int) -> SignModel:
    loaded = load_model(TASK, model, threads)
    card, run = loaded.card, loaded.run
    trained = card.extra.get("trained_on", {})
    fits = (
        run.outputs == len(card.labels)
        and run.input_shape[-1:] == (VALUES,)
        and {"temperature", "threshold"} <= set(card.calibration)
        and isinstance(trained, dict)
        and all(isinstance(counts, dict) for counts in trained.values())
    )
    if not fits:
        raise InputError(f"{model} and its weights don't fit each other. Train the model again.")
    words = [label for label in card.labels if label != IDLE]
    if not words:
        raise InputError(f"{model} knows no words. Train the model again.")
    return SignModel(card, model_vocabulary(card.name, words).with_training(trained), run, run.input_shape[0], card_path(model))


def _list_taught() -> str:
    """A sentence of what was taught, empty where nothing was."""
    from kslr.teaching.vocabularies import taught_vocabularies

    names = ", ".join(path.stem for path in taught_vocabularies())
    return f" Taught here: {names}." if names else ""


def taught_file(model: str | Path) -> Path | None:
    """The file of a taught vocabulary, if the model is one."""
    from kslr.teaching.vocabularies import vocabulary_path

    if Path(model).suffix == ".npz":
        return Path(model)
    if Path(model).suffix or Path(model).name != str(model):
        return None
    try:
        path = vocabulary_path(model)
        return path if path.is_file() else None
    except (InputError, OSError):  # No home folder, or one that is not ours: nothing was taught there.
        return None


def _load_taught(path: Path, threads: int) -> SignModel:
    from kslr.encoder import SignEncoder
    from kslr.teaching.vocabularies import load_vocabulary
    from kslr.teaching.words import build_verifier

    vocabulary, encoder = load_vocabulary(path), SignEncoder(threads=threads)
    verifier = build_verifier(vocabulary, encoder)
    card = Card(
        name=vocabulary.name,
        task=TASK,
        labels=(*[sign.id for sign in vocabulary.signs], IDLE),
        input=encoder.card.input,
        sources=({"name": "taught", "samples": len(vocabulary.provenance), "licence": "their recorders'"},),
        protocol="taught from a few recordings a word on the frozen encoder",
        figures={},
        calibration={"temperature": 1.0, "threshold": verifier.rule.certain},
        limits="Knows the taught words only.",
        commit=encoder.card.commit,
        weights=encoder.card.weights,
    )
    words = Vocabulary(vocabulary.name, vocabulary.signs)
    return SignModel(card, words, lambda x: verifier.probabilities(encoder.embed(x)), encoder.frames, path)
