import hashlib
import json
from types import SimpleNamespace

import pytest

from kslr.core.errors import InputError
from ui.tracking import assets


@pytest.fixture
def small(monkeypatch, tmp_path):
    """One small file is wanted, and a program stands in for npm; gives what that program does."""
    home, npm = tmp_path / "home", tmp_path / "npm.py"
    monkeypatch.setenv("KSLR_HOME", str(home))
    wanted = {"@a/b/c.js": {"bytes": 5, "sha256": hashlib.sha256(b"whole").hexdigest()}}
    monkeypatch.setattr(assets, "wanted_files", lambda: wanted)
    made = SimpleNamespace(home=home, npm=npm, runs=tmp_path / "runs")

    def serve(content: str, code: int = 0) -> None:
        npm.write_text(
            "import pathlib, sys\n"
            f"pathlib.Path({str(made.runs)!r}).open('a').write(' '.join(sys.argv[1:]) + chr(10))\n"
            "assert pathlib.Path('package-lock.json').is_file()\n"
            "file = pathlib.Path('node_modules/@a/b/c.js'); file.parent.mkdir(parents=True)\n"
            f"file.write_text({content!r}); print('npm error code ETIMEDOUT') if {code} else None; sys.exit({code})\n"
        )

    import sys

    monkeypatch.setattr(assets, "npm_command", lambda: [sys.executable, str(npm)])
    made.serve = serve
    return made


def test_the_files_are_fetched_once_and_verified_ever_after(small):
    small.serve("whole")
    assert assets.find_assets() is None
    told = []
    found = assets.fetch_assets(told.append)
    assert found.find("@a/b/c.js").read_text() == "whole"
    assert found.find("../../package.json") is None
    assert all(0 <= fraction < 1 for fraction in told)
    assert small.runs.read_text().startswith("ci --omit=dev --ignore-scripts")
    small.npm.unlink()  # no npm, no network: they are there
    assert assets.fetch_assets() == assets.find_assets() == found
    found.find("@a/b/c.js").write_text("wrong")
    assert assets.find_assets() is None


def test_what_is_not_what_was_wanted_is_not_kept(small):
    small.serve("other")
    with pytest.raises(InputError) as refused:
        assets.fetch_assets()
    assert refused.value.code == "npm-other"
    assert [path.name for path in (small.home / "browser").iterdir()] == ["lock"]


def test_a_registry_that_does_not_answer_is_told(small):
    small.serve("whole", code=1)
    with pytest.raises(InputError, match="ETIMEDOUT") as refused:
        assets.fetch_assets()
    assert refused.value.code == "npm-failed"
    assert assets.find_assets() is None


def test_without_npm_it_is_said_what_brings_it(monkeypatch):
    monkeypatch.setattr(assets, "has_extra", lambda: False)
    monkeypatch.setattr(assets.shutil, "which", lambda _: None)
    with pytest.raises(InputError, match=r"kslr\[browser\]") as refused:
        assets.npm_command()
    assert refused.value.code == "no-npm"


def test_versions_are_exact_and_no_address_is_in_the_lock():
    described, lock = (json.loads((assets.HERE / name).read_text()) for name in assets.DESCRIPTION)
    packages = {name.removeprefix("node_modules/"): one for name, one in lock["packages"].items() if name}
    assert {name: packages[name]["version"] for name in described["dependencies"]} == described["dependencies"]
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages.values())
    assert {"/".join(name.split("/")[:2]) for name in assets.wanted_files()} == set(packages)
