"""The joint evaluator on uploaded files: a manifest, and the clips that it names."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion.evaluation.joint import Answer
from fusion.evaluation.manifest import Clip, read_manifest, resolve_signs
from fusion.evaluation.reports import joint_report, render_joint_report
from fusion.evaluation.runs import answer_clip
from kslr.core.errors import InputError
from kslr.core.reports import LANGUAGES
from kslr.origins import describe_origin
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.uploads import Step, repeat_steps
from ui.shared.vocabularies import ModelFiles


@dataclass(frozen=True)
class Evaluation:
    """A finished report, and the folder that holds it as report.json and, in each language, as report-LANGUAGE.html."""

    report: dict[str, Any]
    folder: Path


def evaluate_uploads(
    files: Sequence[tuple[str, Path]], services: Services, wanted: Callable[[], bool] = lambda: True
) -> Iterator[Step | Evaluation]:
    """Evaluates uploaded files, in a process of its own.

    Args:
        files: (the person's name for it, where it lies) of the manifest and of the clips; they are moved away.
        wanted: whether somebody still waits for it.

    Yields:
        A `Step` before each clip, at last the `Evaluation`.

    Raises:
        Refusal: the manifest cannot be used, or clips of it are not among the files.
    """
    manifests = [(name, path) for name, path in files if name.lower().endswith(".csv")]
    if len(manifests) != 1:
        raise Refusal("evaluate.no_manifest")
    try:
        yield from _evaluate(files, manifests[0][0], services, wanted)
    except Refusal:
        raise
    except InputError as error:
        raise Refusal("evaluate.bad_manifest") from error


def answer_uploads(clips: Sequence[Clip], files: ModelFiles) -> Iterator[Step | list[Answer]]:
    """The work of `evaluate_uploads`: a `Step` before each clip, at last the answers.

    Args:
        files: the models.
    """
    models, answers = files.load(), list[Answer]()
    for number, clip in enumerate(clips):
        yield Step(number / len(clips), clip=clip.path.name)
        answers.append(answer_clip(clip, models))
    yield answers


def _evaluate(
    files: Sequence[tuple[str, Path]], manifest: str, services: Services, wanted: Callable[[], bool]
) -> Iterator[Step | Evaluation]:
    with TemporaryDirectory(prefix="kslr-evaluate-") as place, services.count_video():
        folder = Path(place)
        for name, path in files:
            shutil.move(path, folder / (Path(name).name or "unnamed"))
        # Uploads come without their folders, so every clip lies beside the manifest.
        clips = [replace(clip, path=folder / clip.path.name) for clip in read_manifest(folder / Path(manifest).name)]
        missing = sorted({clip.path.name for clip in clips if not clip.path.is_file()})
        if missing:
            raise Refusal("evaluate.missing", names=", ".join(missing[:8]) + ("…" if len(missing) > 8 else ""))
        resolved, unknown = resolve_signs(clips, services.models.signs.vocabulary)
        files_of_models = ModelFiles.of(services.models)
        # A clip says nothing until it is read.
        work = services.files.run(answer_uploads, resolved, files_of_models, wanted=wanted, silence=services.files.longest)
        answers: list[Answer] = []
        with closing(work):
            for found in repeat_steps(work, Step(0.0)):
                if isinstance(found, Step):
                    yield found
                else:
                    answers = found
        report = joint_report(answers, manifest, vocabulary=services.models.signs.vocabulary) | {"unknown_labels": unknown}
        used: dict[str, Any] = {"signs": services.models.signs, "emotion": services.models.emotions}
        models = {kind: (model.card.name, model.file) for kind, model in used.items()}
        report |= describe_origin("kslr serve", manifest, [folder / Path(manifest).name], models)
        report["problems"] = [{**problem, "clip": Path(problem["clip"]).name} for problem in report["problems"]]
        results = services.results.new()
        for language in LANGUAGES:
            (results / f"report-{language}.html").write_text(render_joint_report(report, language), encoding="utf-8")
        (results / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        yield Evaluation(report, results)
