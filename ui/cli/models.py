"""`kslr train` and `kslr evaluate signs|emotion`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_outputs, write_file
from kslr.lookup.dictionary import SignDictionary, is_dictionary
from ui.cli.console import command_origin, model_files, notes, progress_bar, write_report

train = typer.Typer(help="Train a model on labelled data.", no_args_is_help=True)

SIGN_DATA = "A pack's name, an .npz with x and label, an MP_Data tree, a folder word/clip.mp4, or a manifest (.csv)."
FACE_DATA = "fer2013.csv, a folder split/emotion/picture, or the packed sheets (.npz)."
PACKS = "Folder of the packs that are called by name."

Protocol = Literal["random", "signer", "clip"]
Labels = Literal["fer", "ferplus"]


@train.command("signs")
def train_signs(
    data: Annotated[str, typer.Argument(help=SIGN_DATA)],
    out: Annotated[Path, typer.Option(help="Folder for the weights and their card.")] = Path("runs/signs"),
    architecture: Annotated[str, typer.Option(help="paper_lstm, kslr_net, …")] = "kslr_net",
    name: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Maximum number of passes over the data.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of weights, split and augmentation.")] = 0,
    packs: Annotated[Path | None, typer.Option(help=PACKS)] = None,
) -> None:
    """Train a sign network; writes weights and a card that `kslr translate --signs CARD` takes."""
    from kslr.core.training import require_keras

    require_keras()
    from kslr.training.train import train_sign_model

    model = out / f"{name or f'{architecture}-{Path(data).stem}'}.json"
    check_outputs([model, model.with_suffix(".tflite")], data_files(data, packs))
    with progress_bar("Training") as progress:
        card = train_sign_model(
            data, out, architecture=architecture, epochs=epochs, seed=seed, name=name, packs=packs, progress=progress
        )
    typer.echo(f"Written: {card}")


@train.command("emotion")
def train_emotion(
    data: Annotated[Path, typer.Argument(help=FACE_DATA)],
    out: Annotated[Path, typer.Option(help="Folder for the weights, their card and checkpoints.")] = Path("runs/emotion"),
    architecture: Annotated[str, typer.Option(help="student_cnn or emotion_net.")] = "emotion_net",
    name: Annotated[str, typer.Option(help="Name of the model.")] = "emotion",
    epochs: Annotated[int | None, typer.Option(help="Length of the run.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order and augmentation.")] = 0,
    start: Annotated[
        Path | None, typer.Option(help="Weights (NAME.weights.h5) that a short run goes on from.", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option(help="Continue from the checkpoint in the folder.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
) -> None:
    """Train an emotion network: selected and calibrated on PublicTest, measured once on PrivateTest."""
    from emotion.training.train import train_emotion_model

    check_outputs([*(out / f"{name}{suffix}" for suffix in (".json", ".tflite", ".npz", ".weights.h5")), json], [data, start])
    with progress_bar("Training") as progress:
        report = train_emotion_model(
            data,
            out,
            architecture=architecture,
            name=name,
            epochs=epochs,
            seed=seed,
            start=start,
            resume=resume,
            progress=progress,
        )
    write_report(report | command_origin(data, [data], emotion=report["card"]), json)
    typer.echo(f"Written: {report['card']}")


def evaluate_signs(
    data: Annotated[str, typer.Argument(help=SIGN_DATA)],
    architecture: Annotated[str, typer.Option(help="Train and test this network: paper_lstm, kslr_net, …")] = "kslr_net",
    protocol: Annotated[Protocol, typer.Option(help="random, or leave out one signer or one clip at a time.")] = "random",
    test_size: Annotated[float, typer.Option(help="Share of a random split that is tested.", min=0.01, max=0.9)] = 0.1,
    seeds: Annotated[
        int | None, typer.Option(help="How many random splits (3), or vocabularies of --open-set (10).", min=1)
    ] = None,
    classes: Annotated[int | None, typer.Option(help="Use only so many classes, chosen by seed 0.", min=2)] = None,
    epochs: Annotated[int | None, typer.Option(help="Maximum number of passes over the data.", min=1)] = None,
    number: Annotated[list[str] | None, typer.Option(help="A number of the network, such as units=[64,128,64].")] = None,
    packs: Annotated[Path | None, typer.Option(help=PACKS)] = None,
    few_shot: Annotated[int | None, typer.Option(help="Measure the shipped encoder, so many recordings a word.", min=1)] = None,
    ways: Annotated[int, typer.Option(help="Words of each few-shot task.", min=2)] = 10,
    episodes: Annotated[int, typer.Option(help="Number of few-shot tasks.", min=1)] = 200,
    across: Annotated[Literal["signer"] | None, typer.Option(help="Few-shot: show one signer's, ask another's.")] = None,
    open_set: Annotated[
        int | None, typer.Option(help="Teach words from so many recordings each, ask the others too.", min=1)
    ] = None,
    words: Annotated[float, typer.Option(help="Share of the words that --open-set teaches.", min=0.05, max=0.95)] = 0.6,
    vocabulary: Annotated[
        str | None, typer.Option(help="Measure this vocabulary or dictionary on a folder word/clip.mp4.")
    ] = None,
    invariance: Annotated[bool, typer.Option(help="With it: also mirrored, and at 10, 15 and 25 frames a second.")] = False,
    against: Annotated[
        str | None,
        typer.Option(
            help="Compare with this network, or with this vocabulary or encoder, on the same samples.", show_default=False
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the whole report to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures to this file.")] = None,
) -> None:
    """Train and test a sign network under a protocol, or measure a shipped model as it is."""
    check_outputs([json, html], [*data_files(data, packs), *model_files(vocabulary, against)])
    models: dict[str, str | None] = {"encoder": "sign_encoder", "against": against}
    if vocabulary is not None and is_dictionary(vocabulary):
        if against is not None or invariance:
            raise InputError("A dictionary is measured alone. Leave out --against and --invariance.")
        from kslr.training.lookup import evaluate_dictionary

        with progress_bar("Measuring") as progress:
            report = evaluate_dictionary(data, SignDictionary(vocabulary), progress)
        models = {"signs": vocabulary}
    elif vocabulary is not None:
        from kslr.training.evaluation import evaluate_vocabulary

        with progress_bar("Measuring") as progress:
            report = evaluate_vocabulary(data, vocabulary, progress=progress, invariance=invariance, against=against)
        models = {"signs": vocabulary, "against": against}
    elif few_shot is not None:
        from kslr.training.fewshot import evaluate_few_shot

        with progress_bar("Measuring") as progress:
            report = evaluate_few_shot(
                data, few_shot, ways, episodes, packs=packs, progress=progress, across=across is not None, against=against
            )
    elif open_set is not None:
        if against is not None:
            raise InputError("--open-set measures the shipped encoder alone. Leave out --against.")
        from kslr.training.verification.openset import evaluate_open_set

        with progress_bar("Measuring") as progress:
            report = evaluate_open_set(data, open_set, words, seeds or 10, packs=packs, progress=progress)
    else:
        from kslr.core.training import require_keras

        require_keras()
        from kslr.training.cross_validation import cross_validate
        from kslr.training.networks.architectures import find_architecture

        recipe = find_architecture(architecture).recipe.override(epochs=epochs).with_numbers(number or [])
        other = None if against is None else find_architecture(against).recipe.override(epochs=epochs)
        with progress_bar(f"Evaluating {architecture}") as progress:
            report = cross_validate(
                data,
                architecture,
                protocol,
                test_size,
                seeds or 3,
                classes,
                recipe,
                packs=packs,
                progress=progress,
                against=against,
                against_recipe=other,
            )
        models = {}
    report |= command_origin(data, data_files(data, packs), **models)
    write_report(report, json)
    if "unknown_said" in report:
        keys = [key for key in report if key.startswith(("known_", "unknown_", "other_signer_", "auroc"))]
        typer.echo(" · ".join(f"{key} {report[key]:.4f}" for key in keys))
    if "mrr" in report:
        intervals = {"top10_accuracy": "top10_interval", "mrr": "mrr_interval"}
        edges = [(key, report[key], *report[interval]) for key, interval in intervals.items()]
        typer.echo(" · ".join(f"{key} {figure:.4f} (95 % {low:.4f}–{high:.4f})" for key, figure, low, high in edges))
    if "top5_accuracy" in report and "classes" in report:
        notes.print(f"top-5 {report['top5_accuracy']:.4f} · {report['classes']} classes")
    if html is not None:
        from kslr.training.evaluation import sign_page
        from kslr.training.lookup import lookup_page

        write_file(html, (lookup_page if "mrr" in report else sign_page)(report).encode())


def data_files(data: str, packs: Path | None) -> list[Path]:
    """The files and folders that data for signs may be read from: parts joined by ``+``, each a path or a pack's name.

    >>> [path.as_posix() for path in data_files("clips+krsl20", Path("packs"))]
    ['clips', 'packs/clips.npz', 'krsl20', 'packs/krsl20.npz']
    """
    parts = [part for part in data.split("+") if part]
    return [path for part in parts for path in (Path(part), *([packs / f"{part}.npz"] if packs else ()))]


def evaluate_emotion(
    data: Annotated[Path, typer.Argument(help=FACE_DATA)],
    model: Annotated[str, typer.Option(help="A shipped name or a card's path.")] = "emotion",
    labels: Annotated[Labels, typer.Option(help="FER2013's labels, or the majority of the FER+ votes.")] = "fer",
    split: Annotated[str, typer.Option(help="private or public.")] = "private",
    jitter: Annotated[bool, typer.Option(help="Also measure shifted, scaled and turned crops.")] = False,
    corruptions: Annotated[bool, typer.Option(help="Also measure faces with a camera's faults.")] = False,
    against: Annotated[
        str | None, typer.Option(help="Compare with this model on the same faces: a shipped name or a card.", show_default=False)
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the whole report to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures to this file.")] = None,
) -> None:
    """Measure a saved emotion model on FER2013."""
    from emotion.training.evaluation import evaluate_emotion_model

    check_outputs([json, html], [data, *model_files(model, against)])
    with progress_bar("Measuring") as progress:
        report = evaluate_emotion_model(
            data,
            model,
            labels=labels,
            split=split,
            jitter=jitter,
            corruptions=corruptions,
            against=against,
            html=html,
            progress=progress,
            origin=command_origin(data, [data], emotion=model, against=against),
        )
    write_report(report, json)
