"""`kslr evaluate joint` and `kslr split`: sign and affect evaluated together on a manifest."""

from pathlib import Path
from typing import Annotated

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_outputs, write_file
from ui.cli.console import Language, command_origin, model_files, notes, progress_bar, write_report


def joint(
    manifest: Annotated[Path, typer.Argument(help="CSV with the columns clip, sign, emotion, signer[, start, end].")],
    emotions: Annotated[str, typer.Option(help="Choose among these only, such as neutral,happy,sad,angry.")] = "",
    signs: Annotated[str, typer.Option(help="Sign model: a shipped name or a card's path.")] = "kslr30",
    emotion: Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
    json: Annotated[Path | None, typer.Option(help="Write the whole report here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page with figures here.")] = None,
    language: Annotated[Language, typer.Option(help="Language of that page.")] = Language.en,
) -> None:
    """Evaluate sign and affect together, on clips somebody labelled."""
    from emotion.faces import EMOTIONS
    from fusion.evaluation.manifest import read_manifest, resolve_signs
    from fusion.evaluation.reports import joint_report, render_joint_report
    from fusion.evaluation.runs import answer_clips
    from fusion.interpreter import Models

    chosen = tuple(name.strip() for name in emotions.split(",") if name.strip()) or EMOTIONS
    if foreign := set(chosen) - set(EMOTIONS):
        raise InputError(f"Unknown emotions: {', '.join(sorted(foreign))}. There are: {', '.join(EMOTIONS)}.")
    clips = read_manifest(manifest)
    check_outputs([json, html], [manifest, *model_files(signs, emotion), *(clip.path for clip in clips)])
    models = Models.load(signs, emotion)
    clips, unknown = resolve_signs(clips, models.signs.vocabulary)
    with progress_bar(f"Evaluating {len(clips)} clips") as progress:
        answers = answer_clips(clips, models, progress)
    for answer in answers:
        if answer.problem:
            notes.print(f"{answer.clip.path}: {answer.problem}", markup=False, soft_wrap=True)
    full = joint_report(answers, str(manifest), chosen, models.signs.vocabulary) | {"unknown_labels": unknown}
    full |= command_origin(manifest, [manifest], signs=signs, emotion=emotion)
    write_report(full, json, timed="from a sign's end to its word")
    if html is not None:
        write_file(html, render_joint_report(full, language.value).encode())


def split(
    manifest: Annotated[Path, typer.Argument(help="The manifest to split.")],
    out_train: Annotated[Path, typer.Option(help="Where the training side goes.")],
    out_test: Annotated[Path, typer.Option(help="Where the test side goes.")],
    by: Annotated[str, typer.Option(help="What may not be on both sides; only signer is offered.")] = "signer",
    test_share: Annotated[float, typer.Option(help="Share of clips for the test side, at least.", min=0.01, max=0.99)] = 0.4,
    seed: Annotated[int, typer.Option(help="Which signers are drawn.")] = 0,
) -> None:
    """Split a manifest so that no signer and no clip is on both sides."""
    from fusion.evaluation.manifest import read_manifest, split_by_signer, write_manifest

    if by != "signer":
        raise InputError(f"A manifest is split by signer, not by {by}: other splits do not hold for new signers.")
    clips = read_manifest(manifest)
    check_outputs([out_train, out_test], [manifest, *(clip.path for clip in clips)])
    training, test = split_by_signer(clips, test_share=test_share, seed=seed)
    write_manifest(out_train, training)
    write_manifest(out_test, test)
    for name, side, path in (("training", training, out_train), ("test", test, out_test)):
        typer.echo(f"{name}: {len(side)} clips of {', '.join(sorted({c.signer for c in side}))} → {path}")


def video(
    manifest: Annotated[Path, typer.Argument(help="CSV with the columns clip, sign, emotion, signer[, start, end].")],
    model: Annotated[str, typer.Option(help="timesformer, videomae or vivit.")] = "timesformer",
    task: Annotated[str, typer.Option(help="sign or emotion.")] = "sign",
    weights: Annotated[Path | None, typer.Option(help="Folder of pretrained weights; without it the hub's are loaded.")] = None,
    test: Annotated[Path | None, typer.Option(help="A manifest of the test side; without it signers are split 60 to 40.")] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training clips.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="Of the split, the order and the new head.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the whole report here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page with figures here.")] = None,
) -> None:
    """Fine-tune and evaluate a video transformer on the same clips, as a baseline to compare with."""
    from fusion.evaluation.manifest import read_manifest, split_by_signer
    from fusion.evaluation.reports import render_video_report
    from fusion.evaluation.video_models import evaluate_video_model
    from kslr.origins import file_digest

    clips = read_manifest(manifest)
    tested = read_manifest(test) if test else ()
    check_outputs([json, html], [manifest, test, weights, *(clip.path for clip in (*clips, *tested))])
    training, held_out = (clips, tested) if test else split_by_signer(clips, test_share=0.4, seed=seed)
    with progress_bar(f"Fine-tuning {model}") as progress:
        made = evaluate_video_model(
            training,
            held_out,
            model=model,
            task=task,
            weights=weights,
            epochs=epochs,
            seed=seed,
            data=str(manifest),
            progress=progress,
        )
    for clip in made["left_out"]:
        notes.print(f"{clip['clip']}: {clip['problem']}", markup=False, soft_wrap=True)
    made |= command_origin(manifest, [manifest])
    if weights is not None:
        made["made"] |= {"weights": str(weights), "weights_sha256": file_digest(weights / "model.safetensors")}
    write_report(made, json, timed="a clip in torch")
    if html is not None:
        write_file(html, render_video_report(made).encode())
