import csv
import io

import cv2
import pytest
from skimage.data import astronaut

from emotion.tables import COLUMNS
from tests.commands import run


@pytest.fixture
def portrait(tmp_path):
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))
    return path


@pytest.mark.parametrize("suffix", ["png", "jfif", "mpo", "ppm", "JPEG", "webp", "tiff", "bmp", "jpg that is a png"])
def test_a_picture_is_a_table_of_its_faces(portrait, suffix, capsys):
    from PIL import Image

    path = portrait.with_suffix(f".{suffix.split()[0]}")
    kind = {"jfif": "JPEG", "mpo": "JPEG"}.get(suffix, suffix.split()[-1].upper())
    Image.open(portrait).save(path, format=kind)
    code, out, _ = run(["emotion", path], capsys)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1
    assert max(COLUMNS[7:], key=lambda name: float(rows[0][name])) == "happy"


def test_a_video_is_looked_at_every_so_often(tmp_path, capsys):
    path, out = tmp_path / "clip.avi", tmp_path / "rows.csv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (512, 512))
    picture = cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR)
    for i in range(10):
        writer.write(picture if i < 5 else picture * 0)
    writer.release()
    code, printed, _ = run(["emotion", path, "--csv", out, "--every", "0.3"], capsys)
    rows = list(csv.DictReader(out.open()))
    assert (code, printed) == (0, "")
    assert [row["seconds"] for row in rows] == ["0.000", "0.300", "0.600", "0.900"]
    assert [bool(row["happy"]) for row in rows] == [True, True, False, False]


def test_what_is_no_picture_is_told(tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    for path, words in ((bad, "cannot be read"), (tmp_path / "none.jpg", "does not exist"), (tmp_path / "none.mp4", "does not")):
        code, _, err = run(["emotion", path], capsys)
        assert code == 2
        assert words in err
