"""The app with a folder for a data set."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps import Server, run_app


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data set lies."""
    return tmp_path_factory.mktemp("studio") / "data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, place: Path) -> Iterator[Server]:
    """The app as `kslr studio` starts it."""
    folder = tmp_path_factory.mktemp("server")
    with run_app(folder, folder / "home", place) as running:
        yield running
