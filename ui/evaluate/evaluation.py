"""The joint evaluator on uploaded files: a manifest, and the clips that it names."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion.evaluation.manifest import read_manifest, resolve_signs
from fusion.evaluation.reports import joint_report, render_joint_report
from fusion.evaluation.runs import answer_clip
from fusion.interpreter import Models
from kslr import __version__
from kslr.core.errors import InputError
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.uploads import Step


@dataclass(frozen=True)
class Evaluation:
    """A finished report, and the folder that holds it as report.html and report.json."""

    report: dict[str, Any]
    folder: Path


def evaluate_uploads(files: Sequence[tuple[str, Path]], services: Services) -> Iterator[Step | Evaluation]:
    """Evaluates uploaded files.

    Args:
        files: (the person's name for it, where it lies) of the manifest and of the clips; they are moved away.

    Yields:
        A `Step` before each clip, at last the `Evaluation`.

    Raises:
        Refusal: the manifest cannot be used, or clips of it are not among the files.
    """
    manifests = [(name, path) for name, path in files if name.lower().endswith(".csv")]
    if len(manifests) != 1:
        raise Refusal("evaluate.no_manifest")
    try:
        yield from _evaluate(files, manifests[0][0], services)
    except Refusal:
        raise
    except InputError as error:
        raise Refusal("evaluate.bad_manifest") from error


def _describe_origin(models: Models) -> dict[str, str]:
    """What a report was made with: version, date, and both models with the digests of their weights."""
    made = {"version": f"kslr {__version__}", "date": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    for kind, card in (("signs", models.signs.card), ("emotion", models.emotions.card)):
        made |= {kind: card.name, f"{kind}_sha256": str(card.weights.get("sha256", ""))}
    return made


def _evaluate(files: Sequence[tuple[str, Path]], manifest: str, services: Services) -> Iterator[Step | Evaluation]:
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
        answers = []
        for number, clip in enumerate(resolved):
            yield Step(number / len(clips), clip=clip.path.name)
            answers.append(answer_clip(clip, services.models))
        found = joint_report(answers, manifest) | {"unknown_labels": unknown, "made": _describe_origin(services.models)}
        found["problems"] = [{**problem, "clip": Path(problem["clip"]).name} for problem in found["problems"]]
        results = services.results.new()
        (results / "report.html").write_text(render_joint_report(found), encoding="utf-8")
        (results / "report.json").write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        yield Evaluation(found, results)
