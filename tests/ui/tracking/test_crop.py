import base64

import numpy as np
import pytest
from PIL import Image

from emotion.faces import crop_from_landmarks
from kslr.core.calibration import apply_temperature
from kslr.frame import Frame
from kslr.holistic import HolisticTracker

CROP = """async ([rgba, width, height, face, hands]) => {
  const { cropFace } = await script('tracking/crop.js'), { config } = await script('shared/config.js');
  const bytes = Uint8ClampedArray.from(atob(rgba), (letter) => letter.charCodeAt(0));
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.putImageData(new ImageData(bytes, width, height), 0, 0);
  const pixels = (...box) => context.getImageData(...box).data;
  const crop = cropFace(face, hands, [width, height], pixels, config.tracking.rules);
  return crop && { image: [...crop.image], quality: crop.quality };
}"""


CALIBRATE = """async ([row, reading]) =>
  (await script('tracking/calibration.js')).calibrate(Float32Array.from(row), reading)"""


@pytest.fixture(scope="module")
def face(astronaut: np.ndarray) -> np.ndarray:
    """The astronaut's mesh."""
    with HolisticTracker() as tracker:
        return tracker.process(Frame(astronaut, 0.0)).face


@pytest.fixture
def tab(visit):
    return visit("about", "en")


def crop_in_page(tab, rgb: np.ndarray, face: np.ndarray, hands: list[np.ndarray | None]) -> dict | None:
    height, width = rgb.shape[:2]
    rgba = np.dstack([rgb, np.full((height, width), 255, np.uint8)])
    parts = [None if hand is None else hand.tolist() for hand in hands]
    return tab.evaluate(CROP, [base64.b64encode(rgba.tobytes()).decode(), width, height, face.tolist(), parts])


def test_the_page_cuts_the_same_face_with_the_same_quality(tab, astronaut, face):
    hand = np.column_stack([face[:21, :2] + (0.02, 0.03), np.zeros(21)]).astype(np.float32)
    large, small = (np.array(Image.fromarray(astronaut).resize((side, side), Image.BILINEAR)) for side in (900, 90))
    left = int(512 * (face[:, 0].mean() - 0.02))  # only a part of the face is left of here
    cut = face.copy()
    cut[:, 0] = (face[:, 0] * 512 - left) / (512 - left)
    cut[:, 2] = face[:, 2] * 512 / (512 - left)
    for rgb, mesh, hands in (
        (astronaut, face, [None, None]),
        (astronaut, face, [hand, None]),
        (large, face, [None, hand]),
        (small, face, [None, None]),
        (np.ascontiguousarray(astronaut[:, left:]), cut, [None, None]),
    ):
        ours, theirs = crop_from_landmarks(rgb, mesh, 0.0, hands), crop_in_page(tab, rgb, mesh, hands)
        assert ours is not None
        grey = np.array(theirs["image"]).reshape(48, 48)
        assert np.abs(grey - ours.image.astype(float)).mean() < 1.0
        assert theirs["quality"] == pytest.approx(ours.quality, abs=0.02)


def test_a_face_that_is_tiny_or_out_of_the_picture_is_none_in_the_page_too(tab, astronaut, face):
    tiny, away = 0.5 + (face - 0.5) * 0.05, np.add(face, (1.0, 0.0, 0.0))
    for mesh in (tiny, away):
        assert crop_from_landmarks(astronaut, mesh.astype(np.float32)) is None
        assert crop_in_page(tab, astronaut, mesh, [None, None]) is None


def test_the_page_calibrates_as_the_server_does_and_takes_the_reading_that_counts(tab):
    random = np.random.default_rng(5)
    for first, outputs in ((0, 7), (0, 14), (7, 14)):
        row, bias, temperature = random.dirichlet(np.ones(7), outputs // 7).ravel(), random.normal(0, 0.5, 7), 1.7
        row[first] = 0.0
        reading = {"first": first, "temperature": temperature, "bias": bias.tolist()}
        theirs = tab.evaluate(CALIBRATE, [row.tolist(), reading])
        assert theirs == pytest.approx(apply_temperature(row[first : first + 7], temperature, bias), abs=1e-6)
