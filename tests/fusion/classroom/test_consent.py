import pytest

from fusion.classroom.consent import Place, check_consent
from kslr.core.errors import InputError


def test_nothing_begins_without_consent_and_place():
    for place in Place:
        assert check_consent(True, place.value) == place.value
    for consent, place in ((False, "outside-eu"), (True, None), (True, ""), (True, "school")):
        with pytest.raises(InputError) as error:
            check_consent(consent, place)
        assert error.value.code == "unconfirmed"
