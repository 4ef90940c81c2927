"""An app whose visitors' browsers track them: with what `kslr browser` has fetched on this machine."""

from collections.abc import Iterator

import pytest

from tests.apps import Server, run_app
from ui.tracking.assets import Assets, find_assets


@pytest.fixture(scope="session")
def assets() -> Assets:
    """What was fetched."""
    found = find_assets()
    if found is None:
        pytest.skip("needs what tracks people in the browser (kslr browser)")
    return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, assets: Assets) -> Iterator[Server]:
    """The app with those files."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "home").mkdir()
    (folder / "home" / "browser").symlink_to(assets.folder.parent)
    with run_app(folder, folder / "home") as running:
        yield running
