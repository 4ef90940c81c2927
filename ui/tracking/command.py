"""`kslr browser`: fetches what tracks people in their own browsers."""

import typer

from kslr.core.errors import InputError
from ui.cli.console import notes, progress_bar
from ui.tracking.assets import Assets, fetch_assets, find_assets, has_extra, wanted_files


def browser() -> None:
    """Fetch, once, what lets browsers track people themselves, so that no picture leaves their device."""
    there = find_assets()
    found = there or fetch_with_bar()
    megabytes = sum(int(one["bytes"]) for one in wanted_files().values()) / 1e6
    typer.echo(f"Tracking in the browser {'is' if there else 'is now'} ready: {megabytes:.0f} MB in {found.folder}")


def fetch_with_bar() -> Assets:
    """Fetches the files behind a progress bar.

    Raises:
        InputError: as `ui.tracking.assets.fetch_assets`.
    """
    with progress_bar("Fetching what tracks people in the browser") as progress:
        return fetch_assets(progress)


def prepare() -> None:
    """Before a server starts: fetches the files where the extra ``browser`` allows it; without them it serves all the same."""
    if not has_extra() or find_assets():
        return
    try:
        fetch_with_bar()
    except InputError as error:
        notes.print(f"kslr: {error} Until then this server tracks people itself.", markup=False, soft_wrap=True)
