import numpy as np

from fusion.lettering import icon_mask, shrunk, stamp, text_mask


def test_every_kazakh_letter_has_a_shape_of_its_own():
    letters = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
    shapes = {letter: text_mask(letter.upper(), 32, bold=True).tobytes() for letter in letters}
    missing = text_mask("\U000fffff", 32, bold=True).tobytes()
    assert len(set(shapes.values())) == len(letters)
    assert missing not in shapes.values()


def test_larger_text_is_larger_and_none_is_cut_off():
    from PIL import Image, ImageDraw, ImageFont

    from fusion.lettering import _font_path

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
    assert shrunk(mask, 0.5).shape == (5, 5)
