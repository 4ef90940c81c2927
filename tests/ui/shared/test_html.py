import pytest

from ui.shared.html import macros, text_attributes, word_attributes


def test_attributes_name_a_word_or_carry_texts():
    assert word_attributes("live.start") == 'data-word="live.start"'
    with pytest.raises(KeyError):
        word_attributes("live.nothing")
    assert text_attributes({"kk": '"', "ru": "<", "en": "&"}) == 'data-kk="&#34;" data-ru="&lt;" data-en="&amp;"'


def test_values_are_escaped():
    message = macros("shared/parts.html").message("teach.unknown", problem=True, name='"><b>')
    assert "<b>" not in message
    assert 'role="alert"' in message


@pytest.mark.parametrize(("probability", "level"), [(0.7, "high"), (0.4, "middle"), (0.39, "low")])
def test_a_probability_is_text_length_and_colour(probability, level):
    html = macros("shared/parts.html").sure(probability)
    assert f'class="sure {level}"' in html
    assert f"{round(100 * probability)} %" in html
