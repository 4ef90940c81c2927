import os

import pytest

from models.parallel import in_processes


def test_every_item_has_its_result():
    assert dict(in_processes(pow, ["a", "b", "c"], [(2, 3), (3, 2), (5, 0)], workers=2)) == {"a": 8, "b": 9, "c": 1}


def test_an_error_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(in_processes(divmod, ["a"], [(1, 0)], workers=1))


def test_a_process_that_ends_is_told():
    assert list(in_processes(os._exit, ["a"], [(1,)], workers=1)) == [("a", None)]
