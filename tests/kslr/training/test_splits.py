import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.datasets import SignData, sign_data
from kslr.training.splits import check_disjoint, leave_one_out, random_split


@pytest.fixture
def data() -> SignData:
    n = 60
    x = np.random.default_rng(0).uniform(0.1, 0.9, (n, 30, 126))
    clip = [f"c{i // 2}" for i in range(n)]
    return sign_data(x, [f"w{i // 2 % 3}" for i in range(n)], signer=[f"p{i % 4}" for i in range(n)], clip=clip)


def test_random_splits_are_stratified_seeded_and_keep_copies_together(data: SignData) -> None:
    train, test = random_split(data, 0.2, 0)
    assert sorted([*train, *test]) == list(range(60))
    assert not set(data.clip[train]) & set(data.clip[test])
    assert np.bincount(data.label[test]).tolist() == [4, 4, 4]
    assert np.array_equal(test, random_split(data, 0.2, 0)[1])
    assert not np.array_equal(test, random_split(data, 0.2, 1)[1])
    with pytest.raises(InputError, match="between 0 and 1"):
        random_split(data, 1.5, 0)
    with pytest.raises(InputError, match="cannot be split"):
        random_split(data, 0.01, 0)


def test_every_signer_is_left_out_once(data: SignData) -> None:
    tested = []
    for split in leave_one_out(data):
        assert set(data.signer[split.test]) == {split.name}
        assert split.name not in set(data.signer[split.train])
        tested += split.test.tolist()
    assert sorted(tested) == list(range(60))


def test_a_signer_on_both_sides_raises(data: SignData) -> None:
    with pytest.raises(InputError, match="both sides"):
        check_disjoint(data[np.arange(30)], data[np.arange(30, 60)])
    with pytest.raises(InputError, match="one signer only"):
        list(leave_one_out(data[data.signer == "p0"]))
