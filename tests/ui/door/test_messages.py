import pytest
from pydantic import BaseModel

from kslr.core.errors import InputError
from ui.door.messages import Rate, read_model


def test_a_flood_is_noticed():
    rate = Rate(5)
    assert [rate.flooded() for _ in range(6)] == [False] * 5 + [True]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"n": "many"}', b"{}", b'{"n": NaN}', b"\xff", "[" * 100_000])
def test_a_body_that_does_not_fit_its_model_is_bad_input(content):
    class Body(BaseModel):
        n: int

    assert read_model(b'{"n": 3, "more": 1}', Body).n == 3
    with pytest.raises(InputError):
        read_model(content, Body)
