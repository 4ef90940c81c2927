"""Video transformers as a baseline: TimeSformer, VideoMAE and ViViT fine-tuned on the clips of a manifest.

The settings are those of the KSL-Emo benchmark (2026): frames of 224×224, AdamW at 5e-5, 10 epochs, no augmentation,
Kinetics-400 weights, and a split by signer. Sign and emotion are two tasks on the same clips. So a laboratory with
its own recordings can print this line beside ours. Needs the extra ``video`` (torch, transformers).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from fusion.evaluation.joint import bootstrap_groups
from fusion.evaluation.manifest import Clip, check_disjoint
from kslr.core.errors import InputError
from kslr.core.files import parse_json
from kslr.core.scores import absent_classes, build_report, count_confusions, median_milliseconds
from kslr.video import VideoFile

Colours = tuple[float, float, float]


@dataclass(frozen=True)
class VideoModel:
    """One of the baseline's networks.

    Attributes:
        weights: repository of the Kinetics-400 weights.
        frames: how many it sees of a clip.
        mean, deviation: what its pictures are normalised with when its files do not say.
    """

    weights: str
    frames: int
    mean: Colours = (0.485, 0.456, 0.406)
    deviation: Colours = (0.229, 0.224, 0.225)


MODELS = {
    "timesformer": VideoModel("facebook/timesformer-base-finetuned-k400", 8, (0.45,) * 3, (0.225,) * 3),
    "videomae": VideoModel("MCG-NJU/videomae-base-finetuned-kinetics", 16),
    "vivit": VideoModel("google/vivit-b-16x2-kinetics400", 32, (0.5,) * 3, (0.5,) * 3),
}


def load_video_model(name: str, classes: Sequence[str], weights: str | Path | None = None) -> tuple[Any, VideoModel, int]:
    """A network with a new head for these classes.

    Args:
        name: a key of `MODELS`.
        weights: a folder with ``config.json`` and ``model.safetensors``; the hub's when None.

    Returns:
        The torch module, what it is, and its picture side in pixels.

    Raises:
        InputError: unknown name, the extra is not installed, or the weights are neither here nor to be had.
    """
    if name not in MODELS:
        raise InputError(f"No video model is called {name!r}. There are: {', '.join(MODELS)}.")
    try:
        from transformers import AutoModelForVideoClassification
    except ImportError as error:
        raise InputError("Video models need torch and transformers: pip install 'kslr[video]'.") from error
    source = str(weights or MODELS[name].weights)
    labels = {"id2label": dict(enumerate(classes)), "label2id": {label: i for i, label in enumerate(classes)}}
    try:
        # Safetensors only, and no code from beside them: a pickled checkpoint or a foreign class could run anything.
        model = AutoModelForVideoClassification.from_pretrained(
            source, num_labels=len(classes), ignore_mismatched_sizes=True, use_safetensors=True, trust_remote_code=False, **labels
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(
            f"The weights of {name} are not at {source}. Download config.json and model.safetensors of {MODELS[name].weights} "
            "on a machine with internet and give their folder with --weights."
        ) from error
    if name not in model.config.model_type:
        raise InputError(f"{source} holds a {model.config.model_type}, not a {name}. Choose the model that fits its weights.")
    known = MODELS[name]
    mean, deviation = _colour_levels(Path(source) / "preprocessor_config.json", known)
    return model, VideoModel(source, int(model.config.num_frames), mean, deviation), int(model.config.image_size)


def _colour_levels(settings: Path, known: VideoModel) -> tuple[Colours, Colours]:
    """Mean and deviation of the three colours as a folder's settings give them, or as the model is known to have them.

    Raises:
        InputError: the settings exist and cannot be used.
    """
    if not settings.is_file():
        return known.mean, known.deviation
    try:
        given = parse_json(settings.read_bytes())
        red, green, blue = (float(level) for level in given.get("image_mean", known.mean))
        wide = [float(level) for level in given.get("image_std", known.deviation)]
        if not np.isfinite([red, green, blue, *wide]).all() or min(wide) <= 0:
            raise InputError("mean and deviation must be numbers, the deviation above 0")
        return (red, green, blue), (wide[0], wide[1], wide[2])
    except (OSError, ValueError, TypeError, AttributeError, IndexError, InputError) as error:
        raise InputError(f"{settings} cannot be read ({error}). Download it again, or delete it.") from error


def sample_frames(clip: Clip, frames: int, side: int) -> np.ndarray:
    """Frames evenly spaced over a clip's span.

    Returns:
        (frames, side, side, 3) uint8.

    Raises:
        InputError: the clip cannot be read, or its span holds no frame.
    """
    import cv2

    with VideoFile(clip.path) as video:
        end = np.inf if clip.end is None else clip.end
        seen = [(f.seconds, cv2.resize(f.rgb, (side, side))) for f in video if (clip.start or 0.0) <= f.seconds <= end]
    if not seen:
        raise InputError(f"{clip.path} has no frame between {clip.start} and {clip.end} s.")
    times = np.array([seconds for seconds, _ in seen])
    wanted = np.linspace(times[0], times[-1], frames)
    return np.stack([seen[int(np.abs(times - t).argmin())][1] for t in wanted])


def evaluate_video_model(
    training: Sequence[Clip],
    test: Sequence[Clip],
    *,
    model: str,
    task: str,
    weights: str | Path | None = None,
    epochs: int = 10,
    batch: int = 8,
    rate: float = 5e-5,
    seed: int = 0,
    data: str = "",
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Fine-tunes on the training clips and reports on the test clips, once, after the last epoch.

    Args:
        training, test: no signer and no clip on both sides.
        task: ``sign`` or ``emotion``; clips without that label are left out, unreadable ones named in the report.

    Returns:
        `kslr.core.scores.build_report` with the confusion matrix, training minutes and the clips left out.

    Raises:
        InputError: overlapping sides, fewer than two classes, no test clips, or what `load_video_model` raises.
    """
    if task not in ("sign", "emotion"):
        raise InputError(f"The task is sign or emotion, not {task!r}.")
    check_disjoint(training, test)
    classes = sorted({str(getattr(clip, task)) for clip in training if getattr(clip, task)})
    if len(classes) < 2:
        raise InputError(f"The training side has fewer than two classes of {task}.")
    network, fitted, side = load_video_model(model, classes, weights)
    import torch

    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)
    left_out: list[dict[str, str]] = []

    def tensors(clips: Sequence[Clip]) -> Any:
        pictures = []
        for clip in clips:
            shown = sample_frames(clip, fitted.frames, side).astype(np.float32) / 255
            pictures.append((shown - np.array(fitted.mean, np.float32)) / np.array(fitted.deviation, np.float32))
        return torch.from_numpy(np.stack(pictures)).permute(0, 1, 4, 2, 3).to(device)

    training = _keep_readable([c for c in training if getattr(c, task) in classes], left_out)
    test = _keep_readable([c for c in test if getattr(c, task)], left_out)
    if not test or not training:
        raise InputError("No readable clip with this label is left on one side of the split.")
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    order, start = np.random.default_rng(seed), perf_counter()
    for epoch in range(epochs):
        network.train()
        shuffled = order.permutation(len(training))
        for first in range(0, len(shuffled), batch):
            if progress:
                progress(f"Epoch {epoch + 1} of {epochs}", (epoch + first / len(shuffled)) / epochs)
            clips = [training[i] for i in shuffled[first : first + batch]]
            labels = torch.tensor([classes.index(str(getattr(c, task))) for c in clips], device=device)
            loss = network(pixel_values=tensors(clips), labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    minutes = (perf_counter() - start) / 60
    network.eval()

    def answer(clip: Clip) -> str:
        with torch.no_grad():
            return classes[int(network(pixel_values=tensors([clip])).logits.argmax())]

    answers = [answer(clip) for clip in test]
    right = [str(getattr(clip, task)) for clip in test]
    names = sorted(set(right) | set(classes))
    asked, said = (np.array([names.index(name) for name in part]) for part in (right, answers))
    matrix = count_confusions(asked, said, len(names))
    return build_report(
        task=f"video {task}",
        data=data,
        protocol=f"{model}, split by signer, {epochs} epochs, AdamW {rate:g}, no augmentation, no selection",
        labels=right,
        predicted=answers,
        groups=bootstrap_groups(test),
        milliseconds=median_milliseconds(answer, list(test)[:5], warmup=1),
        model=model,
        weights=fitted.weights,
        parameters=sum(p.numel() for p in network.parameters()),
        training_clips=len(training),
        training_minutes=minutes,
        confusion={"names": names, "counts": matrix.tolist()},
        left_out=left_out,
        classes_without_samples=absent_classes(right, classes),
    )


def _keep_readable(clips: Sequence[Clip], left_out: list[dict[str, str]]) -> list[Clip]:
    """The clips that can be read; the others are named with the reason."""
    good = []
    for clip in clips:
        try:
            sample_frames(clip, 1, 8)
        except InputError as error:
            left_out.append({"clip": str(clip.path), "problem": str(error)})
        else:
            good.append(clip)
    return good
