import csv
import io

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.tables import COLUMNS, FaceRow, face_rows, row_cells, rows_csv


def test_every_face_of_every_looked_at_frame_is_a_row(astronaut, detector, recognizer):
    grey = np.full_like(astronaut, 128)
    two = np.concatenate([astronaut, astronaut], axis=1)
    frames = [(0.0, astronaut), (0.1, grey), (0.25, grey), (0.5, two)]
    rows = list(face_rows(frames, recognizer, detector, every=0.2))
    assert [row.seconds for row in rows] == [0.0, 0.25, 0.5, 0.5]
    assert rows[1] == FaceRow(0.25)
    assert rows[0].track in {row.track for row in rows[2:]}
    assert len({row.track for row in rows[2:]}) == 2
    for row in (rows[0], *rows[2:]):
        assert row.probabilities is not None
        assert row.probabilities.argmax() == EMOTIONS.index("happy")
        assert row.quality is not None
        assert 0.3 < row.quality <= 1


def test_every_zero_looks_at_every_frame(detector, recognizer):
    frames = [(i / 30, np.full((60, 80, 3), 128, np.uint8)) for i in range(3)]
    assert len(list(face_rows(frames, recognizer, detector, every=0))) == 3


def test_the_csv_reads_back():
    row = FaceRow(1.25, 3, (10.0, 20.5, 90.0), 0.75, "sad", np.full(7, 1 / 7))
    text = rows_csv([row, FaceRow(1.5)])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert tuple(lines[0]) == COLUMNS
    assert lines[0]["emotion"] == "sad"
    assert float(lines[0]["seconds"]) == 1.25
    assert float(lines[0]["fear"]) == pytest.approx(1 / 7, abs=1e-4)
    assert set(lines[1].values()) == {"1.500", ""}
    assert len(row_cells(FaceRow(0))) == len(COLUMNS)
