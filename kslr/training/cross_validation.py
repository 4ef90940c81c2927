"""Trains and tests sign networks under the protocols of the literature; every figure is of recordings not trained on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.models import LiteModel
from kslr.core.scores import (
    absent_classes,
    bootstrap_interval,
    build_report,
    compare_answers,
    count_confusions,
    median_milliseconds,
    most_confused,
)
from kslr.training.datasets import SignData, load_signs
from kslr.training.fitting import Progress, export, fit, predict_probabilities
from kslr.training.networks.architectures import Architecture, find_architecture
from kslr.training.recipes import SignRecipe
from kslr.training.splits import Split, splits_of, validation_split


def is_in_top(probabilities: np.ndarray, label: np.ndarray, k: int = 5) -> np.ndarray:
    """(n,) whether the right class is among the k most probable.

    >>> is_in_top(np.array([[0.5, 0.3, 0.2]]), np.array([1]), k=2)
    array([ True])
    """
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return (best == np.asarray(label)[:, None]).any(axis=1)


def merge_questions(probabilities: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Adds up the probabilities of each K-RSL word's statement and question.

    Returns:
        (n, words) probabilities, and each class's word as an index.

    >>> merge_questions(np.array([[0.2, 0.3, 0.5]]), ["gde", "gdeq", "kak"])
    (array([[0.5, 0.5]]), array([0, 0, 1]))
    """
    words, index = np.unique([statement_of(name) for name in names], return_inverse=True)
    return probabilities @ np.eye(len(words))[index], index


def statement_of(name: str) -> str:
    """The word of a K-RSL class without the q that marks a question.

    >>> statement_of("gdeq"), statement_of("kto")
    ('gde', 'kto')
    """
    return name[:-1] if name.endswith("q") else name


def cross_validate(
    data: str | Path | SignData,
    architecture: str = "kslr_net",
    protocol: str = "random",
    test_size: float = 0.1,
    seeds: int = 3,
    classes: int | None = None,
    recipe: SignRecipe | None = None,
    encoder: str | Path | None = None,
    packs: str | Path | None = None,
    progress: Progress | None = None,
    against: str | None = None,
    against_recipe: SignRecipe | None = None,
) -> dict[str, Any]:
    """Trains and tests a network under a protocol.

    Args:
        data: see `kslr.training.datasets.load_signs`.
        architecture: a name of `kslr.training.networks.architectures.ARCHITECTURES`.
        protocol: ``random`` (stratified, `test_size` tested, once a seed), ``signer`` (each signer left out once) or
            ``clip`` (each clip of the words that have several left out once).
        classes: use only so many of the data's classes, chosen by seed 0.
        recipe: the architecture's own when None.
        encoder: Keras weights of a pretrained encoder to start from; from scratch when None.
        packs: where packs lie.
        progress: called with a line and the done share (0–1).
        against: another architecture, trained and tested on the very same splits (entry ``against``).
        against_recipe: its own when None.

    Returns:
        The report of `kslr.core.scores.build_report`, with ``architecture``, ``classes``, ``parameters``, ``top5_accuracy``,
        ``per_seed`` or ``per_signer``, ``confusion``, ``most_confused``; for K-RSL classes also ``merged_accuracy``.

    Raises:
        InputError: data, network or protocol that cannot be used, or a signer on both sides.
    """
    network, rival = find_architecture(architecture), None if against is None else find_architecture(against)
    recipe = recipe or network.recipe
    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    if classes is not None and classes < len(signs.names):
        signs = signs.sample_classes(classes, seed=0)
    splits = splits_of(signs, protocol, test_size, seeds)
    parts = 1 if rival is None else 2
    answers, model = _answer_splits(signs, splits, network, recipe, protocol, encoder, _share_progress(progress, 0, parts))
    test = np.concatenate([split.test for split in splits])
    lite = LiteModel(export(network, model, recipe))
    report = score_answers(
        signs,
        protocol,
        test,
        np.concatenate(answers),
        median_milliseconds(lite, [np.nan_to_num(sample[None]) for sample in signs.x[test[:20]]]),
        architecture=architecture,
        classes=len(signs.names),
        parameters=int(model.count_params()),
        epochs=recipe.epochs,
        numbers=dict(recipe.numbers),
        **{"per_seed" if protocol == "random" else "per_signer": _score_splits(signs, splits, answers)},
    )
    if rival is not None:
        rules, update = against_recipe or rival.recipe, _share_progress(progress, 1, parts)
        theirs, _ = _answer_splits(signs, splits, rival, rules, protocol, None, update)
        ours, others = (np.concatenate(one).argmax(axis=1) for one in (answers, theirs))
        # What is drawn as a whole: a signer, or all that was asked of one clip.
        groups = signs.signer[test] if protocol == "signer" else signs.clip[test]
        report["against"] = {"model": against, **compare_answers(signs.label[test], ours, others, groups)}
    return report


def _share_progress(progress: Progress | None, part: int, parts: int) -> Progress:
    """Progress of one of several equal parts of the work."""
    return lambda text, done: progress(text, (part + done) / parts) if progress else None


def _score_splits(signs: SignData, splits: Sequence[Split], answers: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Accuracy of each split with its interval."""
    scored = []
    for split, answer in zip(splits, answers, strict=True):
        right = answer.argmax(axis=1) == signs.label[split.test]
        interval = list(bootstrap_interval(right))
        scored.append({"name": split.name, "samples": len(right), "accuracy": float(right.mean()), "interval": interval})
    return scored


def _answer_splits(
    signs: SignData,
    splits: Sequence[Split],
    network: Architecture,
    recipe: SignRecipe,
    protocol: str,
    encoder: str | Path | None,
    progress: Progress,
) -> tuple[list[np.ndarray], Any]:
    """Trains once a split; the (n, classes) probabilities of each split's test side, and the last network."""
    answers: list[np.ndarray] = []
    model: Any = None
    for i, split in enumerate(splits):
        train, valid = split.train, None
        if recipe.patience:
            train, held_out = validation_split(signs, train, protocol == "signer", split.seed)
            valid = (signs.x[held_out], signs.label[held_out])

        def report_split(text: str, done: float, i: int = i, name: str = split.name) -> None:
            progress(f"{name}: {text}", (i + done) / len(splits))

        x, label = signs.x[train], signs.label[train]
        model = fit(network, x, label, len(signs.names), valid, recipe, split.seed, encoder, report_split)
        answers.append(predict_probabilities(network, model, signs.x[split.test]))
    return answers, model


def score_answers(
    signs: SignData, protocol: str, test: np.ndarray, answers: np.ndarray, milliseconds: float, **special: Any
) -> dict[str, Any]:
    """The report of answers.

    Args:
        test: (n,) rows of `signs` that were asked; a row may be asked once a seed.
        answers: (n, classes) probabilities.
        milliseconds: of one sample.
        special: further entries, such as ``per_signer``.
    """
    groups = {"signer": signs.signer[test], "random": test}.get(protocol)
    label = signs.label[test]
    top5 = is_in_top(answers, label)
    if any(n.endswith("q") for n in signs.names) and all(statement_of(n) in signs.names for n in signs.names):
        together, index = merge_questions(answers, signs.names)
        right = together.argmax(axis=1) == index[label]
        special |= {"merged_accuracy": float(right.mean()), "merged_interval": list(bootstrap_interval(right, groups))}
    if protocol == "signer":
        special["mean_of_signers"] = float(np.mean([part["accuracy"] for part in special["per_signer"]]))
    matrix = count_confusions(label, answers.argmax(axis=1), len(signs.names))
    return build_report(
        task="signs",
        data=signs.name,
        protocol=protocol,
        labels=label,
        predicted=answers.argmax(axis=1),
        milliseconds=milliseconds,
        groups=groups,
        top5_accuracy=float(top5.mean()),
        top5_interval=list(bootstrap_interval(top5, groups)),
        **special,
        classes_without_samples=absent_classes(label, signs.names),
        names=list(signs.names),
        confusion=matrix.tolist(),
        most_confused=most_confused(matrix, signs.names),
    )
