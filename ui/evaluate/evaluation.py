"""The joint evaluator on files that somebody sends: a manifest, and the clips it names."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emotion.faces import EMOTIONS
from fusion.evaluation.joint import Answer, emotion_of, evaluate
from fusion.evaluation.manifest import Clip, read_manifest
from fusion.evaluation.reports import joint_page
from fusion.evaluation.runs import answer
from kslr.core.errors import InputError
from kslr.core.scores import report
from ui.server.services import Services


@dataclass(frozen=True)
class Step:
    """A clip that is being read: its name, and the fraction done before it, 0–1."""

    clip: str
    fraction: float


@dataclass(frozen=True)
class Evaluation:
    """A finished report, and the folder that holds it as report.html and report.json."""

    report: dict[str, Any]
    folder: Path


class NoManifest(InputError):
    """There is not exactly one CSV file among the files."""


class MissingClips(InputError):
    """Clips of the manifest that are not among the files."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def joint_report(made: Sequence[Answer], data: str, emotions: Sequence[str] = EMOTIONS) -> dict[str, Any]:
    """The whole report of the joint evaluator. Its headline is about what the manifest can say: sign and emotion
    together where emotions are labelled, else signs alone.

    Args:
        made: one answer a clip.
        data: what to call them.
        emotions: the emotions to choose among.

    Raises:
        InputError: no clip has a sign.
    """
    signed = [a for a in made if a.clip.sign is not None]
    if not signed:
        raise InputError(f"No clip of {data} has a sign, so there is nothing to be right about.")
    felt = [a for a in signed if a.clip.emotion in emotions]
    headline = felt or signed
    signers = [a.clip.signer for a in headline]
    delays = [a.delay for a in signed if a.delay is not None]
    return report(
        task="joint" if felt else "signs",
        data=data,
        protocol="whole pipeline, models as they are",
        labels=[f"{a.clip.sign} {a.clip.emotion}" if felt else str(a.clip.sign) for a in headline],
        predicted=[f"{a.sign} {emotion_of(a, emotions)[0]}" if felt else str(a.sign) for a in headline],
        groups=signers if len(set(signers)) >= 5 else None,
        milliseconds=1000 * sum(delays) / max(1, len(delays)),
        **evaluate(made, emotions),
    )


def evaluate_files(files: Sequence[tuple[str, Path]], services: Services) -> Iterator[Step | Evaluation]:
    """Evaluates what somebody sent.

    Args:
        files: (the person's name for it, where it lies) of the manifest and of the clips; they are moved away.

    Yields:
        A `Step` before each clip, at last the `Evaluation`.

    Raises:
        NoManifest, MissingClips, InputError: it can't be evaluated.
    """
    manifests = [(name, path) for name, path in files if name.lower().endswith(".csv")]
    if len(manifests) != 1:
        raise NoManifest("Send one manifest (.csv) with its clips.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kslr-evaluate-")))
        stack.enter_context(services.count_video())
        for name, path in files:
            shutil.move(path, folder / (Path(name).name or "unnamed"))
        clips = [_here(clip, folder) for clip in read_manifest(folder / Path(manifests[0][0]).name)]
        missing = sorted({clip.path.name for clip in clips if not clip.path.is_file()})
        if missing:
            raise MissingClips(missing)
        made = []
        for number, clip in enumerate(clips):
            yield Step(clip.path.name, number / len(clips))
            made.append(answer(clip, services.models))
        found = joint_report(made, manifests[0][0])
        found["problems"] = [{**problem, "clip": Path(problem["clip"]).name} for problem in found["problems"]]
        results = services.results.new()
        (results / "report.html").write_text(joint_page(found), encoding="utf-8")
        (results / "report.json").write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        yield Evaluation(found, results)


def _here(clip: Clip, folder: Path) -> Clip:
    """The clip beside the manifest, whatever folders the manifest names: sent files come without theirs."""
    return replace(clip, path=folder / clip.path.name)
