"""Measures what is shipped as it is, without training: the encoder on few-shot tasks, a vocabulary on clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.scores import bootstrap_interval, median_milliseconds, report
from kslr.encoder import SignEncoder
from kslr.landmarks import mirror
from kslr.recognizer import SignPrediction, SignRecognizer
from kslr.recordings import clip_files, record, segments, word_of
from kslr.training.datasets import SignData, load_signs
from kslr.training.fewshot import episode_answers, episodes

Progress = Callable[[str, float], None]


def evaluate_few_shot(
    data: str | Path | SignData,
    shots: int = 5,
    ways: int = 10,
    count: int = 200,
    encoder: str | Path = "sign_encoder",
    seed: int = 0,
    packs: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Few-shot accuracy of the shipped encoder, untouched, on recordings of any `load_signs` data.

    Args:
        shots: recordings of each word that are shown.
        ways: words a task.
        count: tasks, drawn by seed. Words are told apart inside one source when several sources have enough of them.
        encoder: a shipped encoder or a card.
        progress: called with a line and the part done (0–1).

    Returns:
        The report, whose ``accuracy`` is the mean over episodes and ``interval`` their bootstrap; ``per_source``.

    Raises:
        InputError: too few words or recordings.
    """
    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    network = SignEncoder(encoder)
    embeddings = []
    for i in range(0, len(signs), 64):
        embeddings.append(network.embed(signs.x[i : i + 64]))
        if progress:
            progress("embedding", (i + 1) / len(signs))
    z = np.concatenate(embeddings)
    groups = _able(signs, ways, shots)
    accuracy, right, answered, per_source = [], [], [], []
    for i, (name, rows) in enumerate(groups):
        share = count // len(groups) + (i < count % len(groups))
        tasks = episodes(signs.label[rows], ways, shots, share, seed)
        answers = [episode_answers(z[rows], task) for task in tasks]
        own = [float((a == t[3]).mean()) for a, t in zip(answers, tasks, strict=True)]
        for answer, (support, classes, _, classes_asked) in zip(answers, tasks, strict=True):
            names_of = np.array([signs.label[rows][support[classes == w][0]] for w in range(ways)])
            right.append(names_of[classes_asked])
            answered.append(names_of[answer])
        accuracy += own
        per_source.append({"name": name, "episodes": share, "accuracy": float(np.mean(own)) if own else None})
    milliseconds = median_milliseconds(network.embed, [sample[None] for sample in signs.x[:20]])
    out = report(
        task="signs",
        data=signs.name,
        protocol=f"few-shot: {ways} ways, {shots} shots, {count} episodes, seed {seed}",
        labels=np.concatenate(right),
        predicted=np.concatenate(answered),
        milliseconds=milliseconds,
        episodes=count,
        ways=ways,
        shots=shots,
        per_source=per_source,
        encoder=network.card.name,
    )
    return out | {"accuracy": float(np.mean(accuracy)), "interval": list(bootstrap_interval(np.array(accuracy)))}


def _able(signs: SignData, ways: int, shots: int) -> list[tuple[str, np.ndarray]]:
    """The sources that have enough words with enough recordings; all together when none has."""
    groups = []
    for source in np.unique(signs.source):
        rows = np.flatnonzero(signs.source == source)
        if (np.bincount(signs.label[rows]) > shots).sum() >= ways:
            groups.append((str(source), rows))
    return groups or [("all", np.arange(len(signs)))]


def evaluate_vocabulary(
    folder: str | Path, vocabulary: str | Path = "kslr30", progress: Progress | None = None, invariance: bool = False
) -> dict[str, Any]:
    """A vocabulary, untouched, on a folder ``word/clip.mp4`` (or ``word--note.mp4``, or landmark files).

    Args:
        vocabulary: a shipped model's name, a card, or a taught vocabulary.
        progress: called with a line and the part done (0–1).
        invariance: also ask each clip mirrored and at 10, 15 and 25 frames a second.

    Returns:
        The report, with ``top5_accuracy``, ``rejected`` (share of the clips) and ``clips``: for each ``clip``, ``sign``
        (the right word), ``answer``, ``top5``, ``probability`` (of the answer), ``rejected``. Clips of words that the
        vocabulary has not learnt count as wrong.

    Raises:
        InputError: no clips, or no such vocabulary.
    """
    recognizer = SignRecognizer(vocabulary)
    root = Path(folder)
    rows: list[dict[str, Any]] = []
    files = clip_files(root)
    agreement: dict[str, list[bool]] = {}
    for i, path in enumerate(files):
        name = str(path.relative_to(root))
        try:
            recording = record(path)
        except InputError as error:
            rows.append(
                {"clip": name, "sign": word_of(path, root), "answer": None, "top5": [], "probability": 0.0, "error": str(error)}
            )
            continue
        found = segments(recording)
        windows = np.stack([s.window(recognizer.frames) for s in found]) if found else np.zeros((0, recognizer.frames, 1662))
        answer = clip_answer(recognizer.recognize_windows(windows))
        rows.append({"clip": name, "sign": word_of(path, root), **answer})
        if invariance and len(windows):
            for kind, changed in variants(recording, recognizer.frames).items():
                same = clip_answer(recognizer.recognize_windows(changed))["answer"] == answer["answer"]
                agreement.setdefault(kind, []).append(bool(same))
        if progress:
            progress(name, (i + 1) / len(files))
    names = sorted({row["sign"] for row in rows} | {row["answer"] or "" for row in rows})
    special: dict[str, Any] = (
        {"agreement": {kind: float(np.mean(same)) for kind, same in agreement.items()}} if invariance else {}
    )
    top5 = np.array([row["sign"] in row["top5"] for row in rows])
    blank = np.zeros((1, recognizer.frames, 1662), np.float32)
    return report(
        task="signs",
        data=root.name,
        protocol=f"shipped vocabulary {recognizer.card.name}, untouched",
        labels=np.array([names.index(row["sign"]) for row in rows]),
        predicted=np.array([names.index(row["answer"] or "") for row in rows]),
        milliseconds=median_milliseconds(recognizer.recognize_windows, [blank] * 20),
        top5_accuracy=float(top5.mean()),
        top5_interval=list(bootstrap_interval(top5)),
        rejected=float(np.mean([row.get("rejected", True) for row in rows])),
        clips=rows,
        **special,
    )


def clip_answer(predictions: list[SignPrediction]) -> dict[str, Any]:
    """One answer for a clip that shows one word, maybe several times: the mean log-probability over its signs."""
    if not predictions:
        return {"answer": None, "top5": [], "probability": 0.0, "rejected": True}
    total: dict[str, float] = {}
    for prediction in predictions:
        for word, probability in prediction.ranked:
            total[word] = total.get(word, 0.0) + float(np.log(max(probability, 1e-9))) / len(predictions)
    order = sorted(total, key=lambda word: -total[word])
    return {
        "answer": order[0],
        "top5": order[:5],
        "probability": float(np.exp(total[order[0]])),
        "rejected": all(p.rejected for p in predictions),
    }


def variants(recording: Any, frames: int) -> dict[str, np.ndarray]:
    """The signs of a recording as a mirror and slower cameras would have seen them; windows by kind."""
    from dataclasses import replace

    out = {"mirrored": replace(recording, x=mirror(recording.x))}
    rate = (len(recording.seconds) - 1) / max(recording.seconds[-1] - recording.seconds[0], 1e-6)
    for wanted in (10, 15, 25):
        if wanted < rate * 0.95:
            times = np.arange(recording.seconds[0], recording.seconds[-1], 1 / wanted)
            rows = np.unique(np.searchsorted(recording.seconds, times).clip(0, len(recording.seconds) - 1))
            out[f"{wanted} fps"] = replace(recording, seconds=recording.seconds[rows], x=recording.x[rows])
    found = {kind: [s.window(frames) for s in segments(changed)] for kind, changed in out.items()}
    return {kind: np.stack(windows) if windows else np.zeros((0, frames, 1662), np.float32) for kind, windows in found.items()}


def check_ways(ways: int, shots: int) -> None:
    """Raises:
    InputError: not a task.
    """
    if ways < 2 or shots < 1:
        raise InputError("A few-shot task has at least two ways and one shot.")
