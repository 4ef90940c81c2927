import pytest

from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.teaching import shelf
from kslr.teaching.naming import LessonError, WordNames
from kslr.teaching.takes import Take, judge
from kslr.teaching.vocabularies import load_vocabulary, vocabularies_folder
from tests.takes import take


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    return tmp_path


def takes(word: str, count: int = 2, lost: float = 0.0) -> list[Take]:
    return [Take(one, judge(one)) for one in (take(word, n, lost=lost) for n in range(count))]


def refusal(call, *arguments, **options) -> LessonError:
    with pytest.raises(LessonError) as refused:
        call(*arguments, **options)
    return refused.value


def test_a_word_is_taught_by_name_and_by_path_alike(encoder, home):
    by_name, by_path = shelf.shelf_path("mine"), home / "elsewhere" / "mine.npz"
    for path in (by_name, by_path):
        taught, sign = shelf.teach_word(path, WordNames("Шеңбер", id="circle"), takes("circle"), encoder)
        assert (sign.id, sign.latin, sign.ru) == ("circle", "shenber", "Шеңбер")
        assert taught.recordings_of("circle") == 2
        assert taught.provenance == ("circle0.npz", "circle1.npz")
    assert by_name.read_bytes() == by_path.read_bytes()


def test_poor_takes_teach_and_unusable_ones_are_left_out(encoder):
    path, poor, blank = shelf.shelf_path("mine"), takes("pump", 1, lost=0.6), takes("circle", 1, lost=1.0)
    assert poor[0].verdict.problems
    assert blank[0].verdict.sign is None
    taught, _ = shelf.teach_word(path, WordNames(id="pump"), [*poor, *blank], encoder)
    assert taught.recordings_of("pump") == 1
    before = path.read_bytes()
    assert refusal(shelf.teach_word, path, WordNames(id="pump"), blank, encoder).code == "no-takes"
    assert refusal(shelf.teach_word, path, WordNames(id="кіріл"), takes("pump"), encoder).code == "bad-id"
    assert path.read_bytes() == before


def test_limits_change_nothing(encoder, monkeypatch):
    path = shelf.shelf_path("mine")
    shelf.teach_word(path, WordNames(id="circle"), takes("circle"), encoder)
    before = path.read_bytes()
    for limit, most, code, word in (
        ("MOST_WORDS", 1, "too-many-words", "pump"),
        ("MOST_RECORDINGS", 3, "too-many-recordings", "circle"),
        ("MOST_VOCABULARIES", 1, "too-many", "more"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(shelf, limit, most)
            target = shelf.shelf_path("other") if word == "more" else path
            found = refusal(shelf.teach_word, target, WordNames(id=word), takes("circle"), encoder)
            assert (found.code, found.values) == (code, {"n": most})
    assert path.read_bytes() == before
    assert list(vocabularies_folder().glob("*.npz")) == [path]


def test_words_are_forgotten_and_vocabularies_made_added_and_deleted(encoder, tmp_path):
    path = shelf.create_vocabulary(" my  words ", encoder)
    assert path.stem == "my words"
    assert refusal(shelf.create_vocabulary, "My Words", encoder).code == "taken"
    shelf.teach_word(path, WordNames(id="circle"), takes("circle"), encoder)
    copy = shelf.add_vocabulary("copy", path, encoder)
    assert load_vocabulary(copy).name == "copy"
    assert shelf.forget_word(copy, "circle").signs == ()
    assert refusal(shelf.forget_word, copy, "circle").code == "unknown"
    assert refusal(shelf.forget_word, tmp_path / "none" / "none.npz", "circle").code == "unknown"
    assert not (tmp_path / "none").exists()
    shelf.delete_vocabulary("copy")
    assert refusal(shelf.delete_vocabulary, "copy").code == "unknown"
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    assert refusal(shelf.add_vocabulary, "bad", tmp_path / "bad.npz", encoder).code == "no-vocabulary"
    assert refusal(shelf.open_vocabulary, tmp_path / "bad.npz").code == "unusable"
    assert isinstance(refusal(shelf.shelf_path, "kslr30"), InputError)


def test_a_take_that_is_taught_again_counts_once(encoder):
    path, three = shelf.shelf_path("mine"), takes("circle", 3)
    shelf.teach_word(path, WordNames(id="circle"), [*three, three[0]], encoder)
    before = path.read_bytes()
    assert load_vocabulary(path).recordings_of("circle") == 3
    assert refusal(shelf.teach_word, path, WordNames(id="circle"), three, encoder).code == "no-takes"
    assert path.read_bytes() == before
    taught, _ = shelf.teach_word(path, WordNames(id="circle"), takes("circle", 4), encoder)
    assert taught.recordings_of("circle") == 4
    other, _ = shelf.teach_word(path, WordNames(id="pump"), takes("pump", 1), encoder)
    assert other.recordings_of("pump") == 1
