"""`kslr studio`, `kslr dataset` and `kslr build`: a data set recorded, kept in order, and made into a vocabulary."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_outputs
from ui.cli.console import notes, progress_bar

if TYPE_CHECKING:
    from fusion.dataset.folder import DataFolder

dataset = typer.Typer(help="Check, merge and split data sets of the studio; withdraw a signer.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(metavar="DATASET", help="The data set's folder.")]
MOST_SHOWN = 50  # findings that are printed


def studio(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of the data set; a new or empty one to begin one.")],
    port: Annotated[int, typer.Option(help="Port to listen on; the next free one when it is taken.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the Studio in a browser on this machine.")] = True,
) -> None:
    """Record a data set by camera, on this machine alone: words with affects, of people who have agreed."""
    from ui.server.launch import launch

    open_place(folder)
    launch(port=port, browser=browser, studio=folder)


def open_place(folder: Path) -> None:
    """Checks that a data set is in a folder, or can be made there, and sweeps away what a power cut left.

    Raises:
        InputError: it holds something else.
    """
    from fusion.dataset.folder import PROJECT
    from fusion.dataset.store import DataSet

    if (folder / PROJECT).is_file():
        if swept := DataSet(folder).sweep():
            notes.print(f"{swept} files of takes that were not finished are deleted.", markup=False)
    elif folder.exists() and (not folder.is_dir() or any(path.name != ".kslr.lock" for path in folder.iterdir())):
        raise InputError(f"{folder} is neither a data set nor empty. Choose a new folder.", "not-empty")


@dataset.command()
def check(folder: Folder) -> None:
    """Read every file: are all there and unchanged, within consent and plan, and is no recording in it twice?"""
    from fusion.dataset.checking import check_dataset
    from fusion.dataset.folder import DataFolder

    data = DataFolder(folder)
    with progress_bar("Checking") as progress:
        found = check_dataset(data, progress)
    for one in found[:MOST_SHOWN]:
        typer.echo(one.text)
    if len(found) > MOST_SHOWN:
        typer.echo(f"… and {len(found) - MOST_SHOWN} more.")
    rows = data.rows()
    typer.echo(f"{len(rows)} takes of {len({row.signer for row in rows})} signers in {data.folder}.")
    if found:
        raise InputError(f"{len(found)} things are wrong; they are named above.")


@dataset.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DATASETS", help="Two or more data sets.")],
    out: Annotated[Path, typer.Option(help="A new folder for the merged data set.")],
    licence: Annotated[str, typer.Option(help="Of the result, where those of the data sets differ.")] = "",
) -> None:
    """Make one data set of several: duplicates are left out, and people with one pseudonym stay two."""
    from fusion.dataset.folder import DataFolder
    from fusion.dataset.merging import merge_datasets

    if len(folders) < 2:
        raise InputError("A merge needs two data sets or more.")
    with progress_bar("Merging") as progress:
        merged, report = merge_datasets([DataFolder(one) for one in folders], out, date.today().isoformat(), licence, progress)
    for place, name in report.twice:
        typer.echo(f"{place}/{name} is there already and was left out.")
    for place, name in report.damaged:
        typer.echo(f"{place}/{name} is not as it was recorded and was left out.")
    for place, old, new in report.renamed:
        typer.echo(f"{old} of {place} is another person than {old} here, and is called {new} now.")
    if report.withdrawn:
        typer.echo(f"{report.withdrawn} takes of signers who have withdrawn were left out.")
    typer.echo(f"{report.added} takes of {len(merged.people().signers)} signers in {merged.folder}.")


@dataset.command("split")
def split_dataset(
    folder: Folder,
    test_share: Annotated[float, typer.Option(help="Share of takes for the test side, at least.", min=0.01, max=0.99)] = 0.4,
    seed: Annotated[int, typer.Option(help="Which signers are drawn.")] = 0,
) -> None:
    """Write train.csv and test.csv beside the manifest, with no signer on both sides."""
    from fusion.dataset.folder import SPLITS, DataFolder
    from fusion.dataset.rows import MANIFEST
    from fusion.evaluation.manifest import read_manifest, split_by_signer, write_manifest

    data = DataFolder(folder)
    sides = split_by_signer(read_manifest(data.folder / MANIFEST), test_share=test_share, seed=seed)
    for name, side in zip(SPLITS, sides, strict=True):
        write_manifest(data.folder / name, side)
        typer.echo(f"{len(side)} takes of {', '.join(sorted({clip.signer for clip in side}))} → {data.folder / name}")


@dataset.command()
def withdraw(
    folder: Folder,
    signer: Annotated[str, typer.Argument(help="The signer's pseudonym.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a signer everywhere: takes, consent, and what vocabularies built here have of them. It cannot be undone."""
    from fusion.dataset.building import withdraw_signer
    from fusion.dataset.store import DataSet
    from kslr.encoder import SignEncoder

    data = DataSet(folder)
    count = sum(row.signer == data.people()[signer].pseudonym for row in data.rows())
    if not yes:
        typer.confirm(f"Delete {signer} and {count} takes for good?", abort=True)
    gone, vocabularies = withdraw_signer(data, signer, date.today().isoformat(), SignEncoder())
    typer.echo(f"{signer} is deleted, with {gone} takes.")
    for name in vocabularies:
        typer.echo(f"The vocabulary {name} was built again without {signer}, or deleted where nothing was left.")
    notes.print(
        "Copies that others have are not reached. Tell them; a merge with this data set leaves the signer out.", markup=False
    )


def build(
    source: Annotated[Path, typer.Argument(metavar="DATASET", help="The data set's folder, or its train.csv.")],
    name: Annotated[str, typer.Option(help="Name of the vocabulary, which --signs takes.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a vocabulary of this name.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the card here too.")] = None,
) -> None:
    """Make a vocabulary of a data set, and measure it on every signer left out of the teaching."""
    from fusion.dataset.building import build_vocabulary
    from fusion.dataset.folder import DataFolder
    from kslr.core.files import write_file
    from kslr.encoder import SignEncoder

    data = DataFolder(source if source.is_dir() else source.parent)
    takes = None if source.is_dir() else listed_takes(data, source)
    check_outputs([json], [data.folder])
    with progress_bar("Building") as progress:
        built = build_vocabulary(
            data, name, date.today().isoformat(), SignEncoder(), takes=takes, replace=replace, progress=progress
        )
    for line in figure_lines(built.card):
        typer.echo(line)
    typer.echo(f"Written: {built.path}. Use it with --signs {built.path.stem}.")
    if json is not None:
        import json as format_json

        write_file(json, (format_json.dumps(built.card, ensure_ascii=False, indent=2) + "\n").encode())


def listed_takes(data: "DataFolder", manifest: Path) -> list[str]:
    """The ids of the takes that a manifest in a data set's folder lists.

    Raises:
        InputError: it lists others.
    """
    from fusion.evaluation.manifest import read_manifest

    known = {(data.folder / row.clip).resolve(): row.take for row in data.rows()}
    clips = [clip.path.resolve() for clip in read_manifest(manifest)]
    if foreign := [clip for clip in clips if clip not in known]:
        raise InputError(f"{foreign[0]} is no take of {data.folder}. Split the data set again.")
    return [known[clip] for clip in clips]


def figure_lines(card: dict[str, Any]) -> list[str]:
    """A card's figures for a terminal."""
    figures = card["figures"]
    who = ", ".join(f"{one['pseudonym']} ({one['takes']})" for one in card["signers"])
    lines = [f"{card['name']}: {len(card['words'])} words from {card['taught']} takes of {len(card['signers'])} signers: {who}."]
    if figures["protocol"] == "signers":
        lines.append(f"Each signer left out and asked: {figures['asked']} takes of taught words.")
    else:
        lines.append("There is one signer: each take was left out and asked. It says nothing about other people.")
    for key, interval, text in (
        ("said_right", "interval", "said rightly"),
        ("said_wrong", "wrong_interval", "said wrongly"),
        ("unknown_said", "unknown_interval", "words that were not taught and were taken for one that was"),
    ):
        if figures[key] is not None:
            low, high = figures[interval]
            lines.append(f"  {figures[key]:.1%} (95 %: {low:.1%}–{high:.1%}) {text}")
    if figures["nearest_right"] is not None:
        lines.append(f"  {figures['nearest_right']:.1%} the nearest word is right, said or not")
    if figures["calibration_error"] is not None:
        lines.append(f"  calibration error of what is said {figures['calibration_error']:.1%}")
    lines += [f"  {one['right']} taken for {one['answered']}: {one['times']}" for one in figures["confused"][:5]]
    if figures["strictness"] != "normal":
        lines.append(f"  --strictness {figures['strictness']} suits these words better than normal.")
    return lines
