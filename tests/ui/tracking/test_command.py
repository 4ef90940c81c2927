import pytest

from kslr.core.errors import InputError
from tests.commands import run
from ui.tracking import command
from ui.tracking.assets import Assets


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """What was fetched so far; a fetch that works stands in for npm."""
    there: list[Assets] = []

    def fetch(progress):
        progress(0.5)
        there.append(Assets(tmp_path, "1"))
        return there[0]

    monkeypatch.setattr(command, "find_assets", lambda: there[0] if there else None)
    monkeypatch.setattr(command, "fetch_assets", fetch)
    return there


def test_the_command_fetches_once_and_says_where(fetched, tmp_path, capsys):
    code, out, _ = run(["browser"], capsys)
    assert (code, out) == (0, f"Tracking in the browser is now ready: 49 MB in {tmp_path}\n")
    code, out, _ = run(["browser"], capsys)
    assert (code, out) == (0, f"Tracking in the browser is ready: 49 MB in {tmp_path}\n")
    assert len(fetched) == 1


def test_a_problem_is_a_sentence_and_a_code(fetched, monkeypatch, capsys):
    def fail(progress):
        raise InputError("There is no npm.", "no-npm")

    monkeypatch.setattr(command, "fetch_assets", fail)
    code, _, told = run(["browser"], capsys)
    assert (code, told) == (2, "kslr: There is no npm.\n")
    monkeypatch.setattr(command, "has_extra", lambda: True)
    command.prepare()  # a server starts all the same
    assert "this server tracks people itself" in capsys.readouterr().err


def test_a_server_fetches_only_where_the_extra_allows_it(fetched, monkeypatch):
    monkeypatch.setattr(command, "has_extra", lambda: False)
    command.prepare()
    assert fetched == []
    monkeypatch.setattr(command, "has_extra", lambda: True)
    command.prepare()
    command.prepare()
    assert len(fetched) == 1
