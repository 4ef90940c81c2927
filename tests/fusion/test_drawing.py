import numpy as np
import pytest

from fusion.appearance import EMOTION_COLOURS, PART_COLOURS
from fusion.drawing import annotate, draw_skeleton, draw_subtitle, icon_mask, shrink, stamp, text_mask
from fusion.interpreter import Interpreter, Models
from fusion.observation import Observation, TaggedWord
from kslr.landmarks import Landmarks
from kslr.video import Frame
from kslr.vocabulary import kslr30

SIZE = (240, 320, 3)


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    """How much of a picture has exactly a colour."""
    return float((picture == colour).all(axis=-1).mean())


def word(emotion: str | None = "happy", start: float = 0.0, end: float = 1.0, sign: str = "su") -> TaggedWord:
    return TaggedWord(kslr30()[sign], 0.9, start, end, ((sign, 0.9),), emotion, {emotion: 0.8} if emotion else {})


@pytest.fixture(scope="module")
def seen(astronaut) -> Observation:
    with Interpreter(Models.load()).session() as session:
        for i in range(3):
            observation = session.push(Frame(astronaut, i / 10))
    return observation


def test_what_was_seen_is_drawn_where_it_is(astronaut, seen):
    picture = annotate(astronaut, seen, word(), "kk")
    assert picture.shape == astronaut.shape
    assert not np.array_equal(picture, astronaut)
    assert share(picture, PART_COLOURS["pose"]) > 0.0005
    # The face is at the middle above; its mesh and box are there and nowhere else.
    changed = (picture != astronaut).any(axis=-1)
    assert changed[60:220, 160:300].mean() > 0.02
    assert changed[200:400, 420:].mean() < 0.01
    assert share(picture[400:], EMOTION_COLOURS["happy"]) > 0.02
    assert picture[:40, :120].astype(int).sum() < astronaut[:40, :120].astype(int).sum()


def test_the_picture_given_is_left_as_it_was(astronaut, seen):
    before = astronaut.copy()
    annotate(astronaut, seen, word())
    assert np.array_equal(astronaut, before)


def test_absent_parts_are_not_drawn():
    picture = np.zeros(SIZE, np.uint8)
    draw_skeleton(picture, Landmarks(0.0))
    assert not picture.any()
    for part in ("left_hand", "right_hand"):
        picture = np.zeros(SIZE, np.uint8)
        points = np.random.default_rng(0).random((21, 3)).astype(np.float32)
        draw_skeleton(picture, Landmarks(0.0, **{part: points}))
        assert share(picture, PART_COLOURS[part]) > 0.001
        other = "right_hand" if part == "left_hand" else "left_hand"
        assert share(picture, PART_COLOURS[other]) == 0


def test_points_far_outside_do_no_harm():
    picture = np.zeros(SIZE, np.uint8)
    far = np.full((33, 4), 900.0, np.float32)
    far[11] = (-700, 0.5, 0, 1)
    draw_skeleton(picture, Landmarks(0.0, pose=far))
    assert not picture.any()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("size", [(240, 320), (90, 64), (640, 360), (1080, 1920)])
def test_long_and_short_words_fit_every_picture(language, size):
    for sign in ("men_seni_suyemin", "sau_bolynyz", "it"):
        picture = np.zeros((*size, 3), np.uint8)
        draw_subtitle(picture, word("surprise", sign=sign), language)
        assert share(picture, EMOTION_COLOURS["surprise"]) > 0.005
        # The band ends before the picture does, or fills it; no letter is cut at the right.
        assert not (picture[:, -1] == (16, 20, 28)).all(axis=-1).any()


def test_languages_and_emotions_look_different():
    pictures = []
    for language, emotion in (("kk", "happy"), ("ru", "happy"), ("kk", "sad"), ("kk", None)):
        picture = np.zeros(SIZE, np.uint8)
        draw_subtitle(picture, word(emotion), language)
        pictures.append(picture.tobytes())
    assert len(set(pictures)) == 4


def test_every_kazakh_letter_has_a_shape_of_its_own():
    letters = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
    shapes = {letter: text_mask(letter.upper(), 32, bold=True).tobytes() for letter in letters}
    missing = text_mask("\U000fffff", 32, bold=True).tobytes()
    assert len(set(shapes.values())) == len(letters)
    assert missing not in shapes.values()


def test_larger_text_is_larger_and_none_is_cut_off():
    from PIL import Image, ImageDraw, ImageFont

    from fusion.drawing import _font_path

    small, large = text_mask("Йұқ", 16, bold=False), text_mask("Йұқ", 48, bold=False)
    assert large.shape[0] > 2 * small.shape[0]
    canvas = Image.new("L", (400, 200))
    ImageDraw.Draw(canvas).text((50, 50), "Йұқ", 255, ImageFont.truetype(str(_font_path(False)), 48))
    assert large.sum() == np.asarray(canvas).sum()


def test_icons_differ_and_fill_their_square():
    happy, sad = icon_mask("happy", 40), icon_mask("sad", 40)
    assert happy.shape == (40, 40)
    assert np.abs(happy.astype(int) - sad).sum() > 1000


def test_stamping_is_cut_at_the_edges():
    picture = np.zeros((20, 20, 3), np.uint8)
    mask = np.full((10, 10), 255, np.uint8)
    stamp(picture, mask, 15, 15, (255, 0, 0))
    assert (picture[15:, 15:] == (255, 0, 0)).all()
    assert not picture[:15].any()
    stamp(picture, mask, 100, 100, (0, 255, 0))
    assert shrink(mask, 0.5).shape == (5, 5)
