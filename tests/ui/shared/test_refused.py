from kslr.core.errors import InputError
from ui.shared.i18n import text
from ui.shared.refused import Refused


def test_a_refusal_is_bad_input_with_a_word_of_the_app():
    refused = Refused("teach.large", size=40)
    assert isinstance(refused, InputError)
    assert text(refused.key, "en", **refused.values) == "The file is too large: at most 40 MB."
