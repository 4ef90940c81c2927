import pytest

from kslr.core.errors import InputError
from ui.captions.caption_file import SHOWN, CaptionFile, caption_line


def test_the_file_holds_the_last_words_and_is_empty_before_and_after(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("of yesterday")
    with CaptionFile(path) as file:
        assert path.read_text() == "\n"
        file.show([f"w{n}" for n in range(SHOWN + 3)])
        assert path.read_text().split() == [f"w{n}" for n in range(3, SHOWN + 3)]
        before = path.stat().st_mtime_ns
        file.show([f"w{n}" for n in range(SHOWN + 3)])
        assert path.stat().st_mtime_ns == before  # programs read again what changes
    assert path.read_text() == "\n"


def test_a_word_is_one_line_of_letters():
    assert caption_line(["a\nb", "  ", "x" * 100]) == f"a b {'x' * 60}"


@pytest.mark.parametrize("name", ["folder", "model.npz"])
def test_nothing_else_is_written_over(tmp_path, name):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"weights")
    with pytest.raises(InputError, match="--captions"):
        CaptionFile(path)
    assert path.is_dir() or path.read_bytes() == b"weights"
