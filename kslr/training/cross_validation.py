"""Measures sign networks under the protocols of the literature; every figure comes from recordings not trained on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.runtime import LiteModel
from kslr.core.scores import bootstrap_interval, median_milliseconds, report
from kslr.training.datasets import SignData, load_signs
from kslr.training.splits import check_disjoint, groups_out, random_split

Progress = Callable[[str, float], None]
PROTOCOLS = ("random", "signer", "clip")


def top_k(probabilities: np.ndarray, label: np.ndarray, k: int = 5) -> np.ndarray:
    """(n,) whether the right class is among the k likeliest.

    >>> top_k(np.array([[0.5, 0.3, 0.2]]), np.array([1]), k=2)
    array([ True])
    """
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return (best == np.asarray(label)[:, None]).any(axis=1)


def merged(
    probabilities: np.ndarray, names: Sequence[str], group_of: Callable[[str], str]
) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Adds up the probabilities of classes that count as one.

    Returns:
        (n, groups) probabilities, the groups' names, and each class's group.

    >>> merged(np.array([[0.2, 0.3, 0.5]]), ["gde", "gdeq", "kak"], statement)[0]
    array([[0.5, 0.5]])
    """
    groups = tuple(sorted({group_of(n) for n in names}))
    index = np.array([groups.index(group_of(n)) for n in names])
    return probabilities @ np.eye(len(groups))[index], groups, index


def statement(name: str) -> str:
    """The word of a K-RSL class without the q that marks a question.

    >>> statement("gdeq"), statement("kto")
    ('gde', 'kto')
    """
    return name[:-1] if name.endswith("q") else name


def confusion(label: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) counts, right class by row."""
    return np.bincount(np.asarray(label) * classes + np.asarray(predicted), minlength=classes**2).reshape(classes, classes)


def most_confused(matrix: np.ndarray, names: Sequence[str], most: int = 10) -> list[dict[str, Any]]:
    """The pairs of words taken for one another most often."""
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(i), len(names)) for i in order]
    return [{"right": names[a], "answered": names[b], "times": int(wrong[a, b])} for a, b in pairs if wrong[a, b]]


def evaluate(
    data: str | Path | SignData,
    architecture: str = "kslr_net",
    protocol: str = "random",
    test_size: float = 0.1,
    seeds: int = 3,
    classes: int | None = None,
    epochs: int | None = None,
    packs: str | Path | None = None,
    repaired: bool = True,
    encoder: str | Path | None = None,
    recipe: Any = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Trains and tests a network under a protocol.

    Args:
        data: see `kslr.training.datasets.load_signs`.
        architecture: see `kslr.training.networks.recurrent.architectures`.
        protocol: ``random`` (stratified, `test_size` tested, once a seed), ``signer`` (each signer left out once) or
            ``clip`` (each clip of the words that have several left out once).
        classes: only so many of the data's classes, chosen by seed 0.
        epochs: at most; the recipe's when None.
        packs: where packs lie.
        repaired: pair slipped hands of the K-RSL pack anew.
        encoder: Keras weights of a pretrained encoder to start ``kslr_net`` from; from scratch when None.
        recipe: a `kslr.training.fitting.Recipe` in place of the architecture's own and of `epochs`.
        progress: called with a line and the part done (0–1).

    Returns:
        The report of `kslr.core.scores.report`, with ``seeds``, ``classes``, ``top5_accuracy``, ``per_seed`` or
        ``per_signer``, ``parameters``, ``confusion``, ``most_confused``; for K-RSL classes also ``merged_accuracy``.

    Raises:
        InputError: data, network or protocol that cannot be used, or a signer on both sides.
    """
    from kslr.training.fitting import build, changed, fit, on_encoder, probabilities, recipe_of

    if protocol not in PROTOCOLS:
        raise InputError(f"No protocol is called {protocol!r}. There are {', '.join(PROTOCOLS)}.")
    if seeds < 1:
        raise InputError("At least one seed is needed.")
    signs = data if isinstance(data, SignData) else load_signs(data, packs, repaired)
    if classes is not None and classes < len(signs.names):
        signs = signs.some_classes(classes, seed=0)
    recipe = recipe or changed(recipe_of(architecture), epochs=epochs)
    parts = _parts(signs, protocol, test_size, seeds)
    rows, answers, per_part = [], [], []
    model: Any = None
    for i, (name, seed, train, test) in enumerate(parts):
        say = (lambda text, done, i=i, name=name: progress(f"{name}: {text}", (i + done) / len(parts))) if progress else None
        kept, valid = _without_validation(signs, train, protocol, seed) if recipe.patience else (train, None)
        model = fit(
            architecture,
            signs.x[kept],
            signs.label[kept],
            len(signs.names),
            (signs.x[valid], signs.label[valid]) if valid is not None else None,
            recipe,
            seed,
            start=on_encoder(encoder, architecture, len(signs.names), signs.x.shape[1]) if encoder else None,
            progress=say,
        )
        answer = probabilities(architecture, model, signs.x[test])
        rows.append(test)
        answers.append(answer)
        right = answer.argmax(axis=1) == signs.label[test]
        per_part.append(
            {"name": name, "samples": len(test), "accuracy": float(right.mean()), "interval": list(bootstrap_interval(right))}
        )
    test, answer = np.concatenate(rows), np.concatenate(answers)
    special = {
        "architecture": architecture,
        "classes": len(signs.names),
        "parameters": int(model.count_params()),
        "epochs": recipe.epochs,
        "numbers": dict(recipe.numbers),
        ("per_signer" if protocol != "random" else "per_seed"): per_part,
    }
    groups = signs.signer[test] if protocol == "signer" else (test if protocol == "random" else None)
    milliseconds = litert_milliseconds(architecture, model, len(signs.names), signs.x[test[:20]], build, recipe)
    return scored(signs, protocol, test, answer, milliseconds, groups, **special)


def scored(
    signs: SignData,
    protocol: str,
    test: np.ndarray,
    answer: np.ndarray,
    milliseconds: float,
    groups: np.ndarray | None,
    **special: Any,
) -> dict[str, Any]:
    """The report for answers (n, classes) to the rows `test`."""
    label, predicted = signs.label[test], answer.argmax(axis=1)
    top5 = top_k(answer, label)
    matrix = confusion(label, predicted, len(signs.names))
    if all(statement(n) in signs.names for n in signs.names) and any(n.endswith("q") for n in signs.names):
        together, _, index = merged(answer, signs.names, statement)
        right = together.argmax(axis=1) == index[label]
        special |= {"merged_accuracy": float(right.mean()), "merged_interval": list(bootstrap_interval(right, groups))}
    if protocol == "signer":
        means = [part["accuracy"] for part in special["per_signer"]]
        special["mean_of_signers"] = float(np.mean(means))
    return report(
        task="signs",
        data=signs.name,
        protocol=protocol,
        labels=label,
        predicted=predicted,
        milliseconds=milliseconds,
        groups=groups,
        top5_accuracy=float(top5.mean()),
        top5_interval=list(bootstrap_interval(top5, groups)),
        **special,
        names=list(signs.names),
        confusion=matrix.tolist(),
        most_confused=most_confused(matrix, signs.names),
    )


def _parts(signs: SignData, protocol: str, test_size: float, seeds: int) -> list[tuple[str, int, np.ndarray, np.ndarray]]:
    if protocol == "random":
        return [(f"seed {seed}", seed, *random_split(signs, test_size, seed)) for seed in range(seeds)]
    if protocol == "signer":
        return [(name, 0, train, test) for name, train, test in groups_out(signs, "signer")]
    clips_of = {c: {str(k) for k in signs.clip[signs.label == c]} for c in range(len(signs.names))}
    several = {clip for clips in clips_of.values() if len(clips) > 1 for clip in clips}
    if not several:
        raise InputError(f"{signs.name} has one clip of each word only; leaving a clip out leaves nothing to learn it from.")
    return [(name, 0, train, test) for name, train, test in groups_out(signs, "clip") if name in several]


def _without_validation(signs: SignData, train: np.ndarray, protocol: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A part of the training rows for early stopping: a tenth at random, or one whole signer."""
    inside = signs[train]
    if protocol == "signer" and len(set(inside.signer)) > 2:
        chosen = sorted(set(inside.signer))[seed % len(set(inside.signer))]
        kept, valid = train[inside.signer != chosen], train[inside.signer == chosen]
        check_disjoint(signs[kept], signs[valid])
        return kept, valid
    kept, valid = random_split(inside, 0.1, seed)
    return train[kept], train[valid]


def litert_milliseconds(architecture: str, model: Any, classes: int, x: np.ndarray, build: Any, recipe: Any) -> float:
    """Median milliseconds of one sample from the raw contract, in LiteRT on two threads."""
    from kslr.training.export import to_litert

    raw = raw_network(architecture, model, classes, x.shape[1], build, recipe)
    lite = LiteModel(to_litert(raw, None if architecture in ("kslr_net", "slovo_transformer") else 1))
    return median_milliseconds(lite, [np.nan_to_num(sample[None]) for sample in x])


def raw_network(architecture: str, model: Any, classes: int, frames: int, build: Any, recipe: Any) -> Any:
    """The trained network from the raw contract, recurrent layers unrolled, so that it can be exported."""
    more = {} if architecture in ("kslr_net", "slovo_transformer") else {"unroll": True}
    raw = build(architecture, classes, frames, raw=True, recipe=recipe, **more)
    raw.set_weights(model.get_weights())
    return raw
