import cv2
import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.faces import FaceCrop, crop_from_box, crop_from_landmarks, cut_square, hidden_share, sharpness, square_around
from kslr.core.errors import InputError


def test_a_training_face_passes_the_cut_unchanged():
    face = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    assert np.array_equal(cut_square(face, (0.0, 0.0, 48.0)), face)


def test_landmarks_and_box_of_the_same_square_give_the_same_pixels(astronaut, astronaut_mesh):
    by_mesh = crop_from_landmarks(astronaut, astronaut_mesh, 1.5)
    assert by_mesh is not None
    x, y, side = by_mesh.box
    by_box = crop_from_box(astronaut, (x, y, side, side), 1.5)
    assert by_box is not None
    assert np.array_equal(by_mesh.image, by_box.image)
    assert by_mesh.image.shape == (48, 48)
    assert by_mesh.image.dtype == np.uint8
    assert by_mesh.seconds == by_box.seconds == 1.5


def test_the_mesh_frames_a_face_as_a_haar_cascade_does(astronaut, astronaut_mesh):
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    x, y, w, h = max(cascade.detectMultiScale(grey, 1.1, 8), key=lambda box: box[2])
    crop = crop_from_landmarks(astronaut, astronaut_mesh)
    assert crop is not None
    left, top, side = crop.box
    assert side == pytest.approx(w, rel=0.2)
    assert (left + side / 2, top + side / 2) == pytest.approx((x + w / 2, y + h / 2), abs=0.1 * w)


def test_the_detector_frames_a_face_as_the_mesh_does(astronaut, astronaut_mesh, detector: FaceDetector):
    crop = crop_from_landmarks(astronaut, astronaut_mesh)
    assert crop is not None
    x, y, w, h = detector.detect(astronaut)[0]
    left, top, side = crop.box
    assert w == h
    assert w == pytest.approx(side, rel=0.2)
    assert (x + w / 2, y + h / 2) == pytest.approx((left + side / 2, top + side / 2), abs=0.1 * side)


def test_the_aspect_of_the_picture_does_not_matter(astronaut, astronaut_mesh):
    wide = cv2.copyMakeBorder(astronaut, 0, 0, 300, 100, cv2.BORDER_CONSTANT)
    moved = (astronaut_mesh * 512 + (300, 0, 0)) / (912, 512, 912)
    here, there = crop_from_landmarks(astronaut, astronaut_mesh), crop_from_landmarks(wide, moved)
    assert here is not None
    assert there is not None
    assert np.array_equal(here.image, there.image)


def test_outside_the_picture_its_edge_is_repeated():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:, 0] = 200
    crop = crop_from_box(picture, (-20, 10, 80, 80))
    assert crop is not None
    assert (crop.image[:, :11] > 150).all()
    assert (crop.image[:, 14:] == 0).all()
    assert crop.box == (-20.0, 10.0, 80.0)


def test_a_long_box_becomes_a_square_about_its_centre():
    crop = crop_from_box(np.zeros((200, 200, 3), np.uint8), (80, 50, 40, 100))
    assert crop is not None
    assert crop.box == (50.0, 50.0, 100.0)


@pytest.mark.parametrize("box", [(10, 10, 4, 4), (500, 10, 80, 80), (-70, 0, 80, 80)])
def test_tiny_and_outside_faces_give_no_crop(box):
    assert crop_from_box(np.zeros((100, 100, 3), np.uint8), box) is None


def test_unusable_landmarks_give_no_crop(astronaut):
    assert crop_from_landmarks(astronaut, None) is None
    assert crop_from_landmarks(astronaut, np.full((468, 3), np.nan)) is None


def test_wrong_shapes_are_told(astronaut):
    with pytest.raises(InputError, match="468"):
        crop_from_landmarks(astronaut, np.zeros((478, 3)))
    with pytest.raises(InputError, match="RGB"):
        crop_from_box(astronaut[..., 0], (0, 0, 50, 50))
    with pytest.raises(InputError, match="uint8"):
        crop_from_box(astronaut.astype(float), (0, 0, 50, 50))
    with pytest.raises(InputError, match="width, height"):
        crop_from_box(astronaut, (0, 0, np.nan, 50))


def _quality(rgb: np.ndarray, mesh: np.ndarray, **more) -> float:
    crop = crop_from_landmarks(rgb, mesh, **more)
    assert isinstance(crop, FaceCrop)
    assert 0 <= crop.quality <= 1
    return crop.quality


def test_blur_small_turned_and_cut_faces_have_less_quality(astronaut, astronaut_mesh):
    good = _quality(astronaut, astronaut_mesh)
    assert good > 0.6
    assert _quality(cv2.GaussianBlur(astronaut, (0, 0), 8), astronaut_mesh) < 0.7 * good
    small = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    assert _quality(small, astronaut_mesh) < 0.7 * good
    angle = np.radians(60)
    centred = astronaut_mesh - astronaut_mesh.mean(axis=0)
    turned = np.stack(
        [
            centred[:, 0] * np.cos(angle) - centred[:, 2] * np.sin(angle),
            centred[:, 1],
            centred[:, 0] * np.sin(angle) + centred[:, 2] * np.cos(angle),
        ],
        axis=1,
    ) + astronaut_mesh.mean(axis=0)
    assert _quality(astronaut, turned) < 0.7 * good
    _, y, side = square_around(astronaut_mesh * 512)
    cut = astronaut[int(y + side / 3) :]
    moved = (astronaut_mesh * 512 - (0, int(y + side / 3), 0)) / (512, len(cut), 512)
    assert _quality(cut, moved) < 0.7 * good


def test_a_hand_before_the_face_lowers_quality(astronaut, astronaut_mesh):
    angles = np.linspace(0, 2 * np.pi, 21)
    circle = np.stack([np.cos(angles), np.sin(angles), np.zeros(21)], axis=1) * 0.05
    on_face, beside = circle + astronaut_mesh.mean(axis=0), circle + np.array([0.9, 0.9, 0])
    good = _quality(astronaut, astronaut_mesh)
    assert _quality(astronaut, astronaut_mesh, hands=(None, beside)) == good
    assert _quality(astronaut, astronaut_mesh, hands=(on_face, None)) < 0.5 * good


def test_a_hand_over_the_whole_face_covers_it(astronaut_mesh):
    angles = np.linspace(0, 2 * np.pi, 21)
    wall = np.stack([0.5 + np.cos(angles), 0.5 + np.sin(angles), np.zeros(21)], axis=1)
    assert hidden_share(astronaut_mesh[:, :2] * 512, [wall], (512, 512, 3)) == 1.0


def test_a_flat_picture_is_not_sharp():
    assert sharpness(np.full((48, 48), 90, np.uint8)) == 0.0
