import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import FACE
from kslr.teaching.vocabularies import (
    Exemplar,
    TaughtVocabulary,
    load_vocabulary,
    lock_folder,
    save_vocabulary,
    taught_vocabularies,
    vocabulary_path,
)
from kslr.vocabulary import Sign

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def vocabulary() -> TaughtVocabulary:
    generator = np.random.default_rng(0)
    window = generator.random((30, 1662)).astype(np.float16)
    window[:, FACE] = np.nan
    return TaughtVocabulary(
        "mine",
        "0" * 64,
        (Sign("su", "Су", "su", "Water", "Вода", {"taught": 2}), Sign("it", "Ит", "it", "Dog", "Собака", {"taught": 1})),
        generator.random((3, 192)).astype(np.float32),
        np.array([0, 0, 1]),
        ("a.mp4", "b.mp4", "c.mp4"),
        {"it": Exemplar(2, 1.25, window)},
    )


def test_everything_comes_back(vocabulary: TaughtVocabulary, tmp_path: Path) -> None:
    again = load_vocabulary(save_vocabulary(tmp_path / "mine.npz", vocabulary))
    assert (again.name, again.encoder, again.signs, again.provenance) == (
        "mine",
        "0" * 64,
        vocabulary.signs,
        ("a.mp4", "b.mp4", "c.mp4"),
    )
    assert np.array_equal(again.embeddings, vocabulary.embeddings)
    assert np.array_equal(again.label, vocabulary.label)
    shown = again.exemplars["it"]
    assert (list(again.exemplars), shown.recording, shown.seconds, shown.face) == (["it"], 2, 1.25, False)
    assert np.array_equal(shown.window, vocabulary.exemplars["it"].window, equal_nan=True)
    assert again.recordings_of("su") == 2


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_version_is_to_be_taught_again(vocabulary: TaughtVocabulary, tmp_path: Path, version: int) -> None:
    rewrite(vocabulary, tmp_path / "old.npz", lambda about: about.update(version=version))
    with pytest.raises(InputError, match="Teach its words again") as told:
        load_vocabulary(tmp_path / "old.npz")
    assert told.value.code == "old-version"


def rewrite(vocabulary: TaughtVocabulary, path: Path, change) -> None:
    """The vocabulary's file with something changed in what it says about itself."""
    save_vocabulary(path, vocabulary)
    with np.load(path) as file:
        parts = dict(file)
    about = json.loads(str(parts.pop("about")))
    change(about)
    np.savez(path, about=np.array(json.dumps(about)), **parts)


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.update(version=99),
        lambda about: about["signs"].pop(),
        lambda about: about["signs"].__setitem__(1, about["signs"][0]),
        lambda about: about["signs"][0].update(kk=7),
        lambda about: about["provenance"].pop(),
        lambda about: about["exemplars"]["it"].update(recording=3),
        lambda about: about.update(exemplars={"other": {"recording": 0, "seconds": 1}}),
        lambda about: about.update(exemplars=["it"]),
        lambda about: about.pop("name"),
    ],
)
def test_parts_that_do_not_fit_are_refused(vocabulary: TaughtVocabulary, tmp_path: Path, change) -> None:
    rewrite(vocabulary, tmp_path / "bad.npz", change)
    with pytest.raises(InputError, match="not a vocabulary"):
        load_vocabulary(tmp_path / "bad.npz")


def test_arrays_that_do_not_fit_are_refused(vocabulary: TaughtVocabulary, tmp_path: Path) -> None:
    window = vocabulary.exemplars["it"].window
    for bad in (
        replace(vocabulary, label=vocabulary.label[:-1]),
        replace(vocabulary, label=vocabulary.label - 1),
        replace(vocabulary, embeddings=np.full((3, 192), np.nan, np.float32)),
        replace(vocabulary, exemplars={"it": Exemplar(2, 1.0, window[:, :-1])}),
        replace(vocabulary, exemplars={"it": Exemplar(2, float("nan"), window)}),
    ):
        with pytest.raises(InputError, match="not a vocabulary"):
            load_vocabulary(save_vocabulary(tmp_path / "bad.npz", bad))
    (tmp_path / "text.npz").write_text("nothing")
    for name in ("text.npz", "missing.npz"):
        with pytest.raises(InputError):
            load_vocabulary(tmp_path / name)


def test_they_are_found_by_name(vocabulary: TaughtVocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    assert taught_vocabularies() == []
    save_vocabulary(vocabulary_path("mine"), vocabulary)
    assert [p.stem for p in taught_vocabularies()] == ["mine"]
    for name in ("../evil", "..", "a/b"):
        with pytest.raises(InputError):
            vocabulary_path(name)


TEACHER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from kslr.teaching.vocabularies import TaughtVocabulary, lock_folder, load_vocabulary, save_vocabulary

path, name = Path(sys.argv[1]), sys.argv[2]
for number in range(15):
    with lock_folder(path.parent):
        now = load_vocabulary(path).name if path.exists() else ""
        time.sleep(0.005)  # time for the other one to come between
        save_vocabulary(path, TaughtVocabulary(now + name, "0" * 64))
"""


def test_two_processes_that_change_one_vocabulary_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "home" / "both.npz"
    teachers = [subprocess.Popen([sys.executable, "-c", TEACHER, str(path), name], cwd=ROOT) for name in "ab"]
    assert [teacher.wait(120) for teacher in teachers] == [0, 0]
    changes = load_vocabulary(path).name
    assert (changes.count("a"), changes.count("b")) == (15, 15)


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(InputError, match="Another program"), lock_folder(tmp_path, patience=0.1):
        pass
    with lock_folder(tmp_path, patience=0.1):
        pass  # free again


def test_a_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(InputError, match="cannot be written"), lock_folder("/dev/null/vocabularies"):
        pass
