import pytest

from kslr.core.cards import read_card
from kslr.core.errors import InputError
from ui.about.layers import layers


@pytest.mark.parametrize(
    ("name", "inside"), [("emotion", {"convolution", "dense"}), ("sign_encoder", {"convolution", "dense", "attention"})]
)
def test_a_shipped_network_says_what_it_is_made_of(name: str, inside: set[str]) -> None:
    card, weights = read_card(name)
    found = layers(weights)
    assert found[0].shape == tuple(card.input["shape"])
    assert found[-1].shape == (len(card.labels) * len(card.extra.get("readings", "1")) or 256,)
    assert inside <= {one.kind for one in found}
    assert all(one.count >= 1 for one in found)


def test_bytes_that_are_no_model_are_told() -> None:
    with pytest.raises(InputError, match="not a LiteRT model"):
        layers(b"nothing of the kind")
