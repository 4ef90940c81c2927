import threading
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslr.core.stages import Stages


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers()), st.integers(1, 5))
def test_everything_comes_out_in_its_order(items, ahead):
    with Stages(lambda n: n + 1, lambda n: n * 2) as stages:
        assert list(stages.run(items, ahead)) == [(n + 1) * 2 for n in items]


def test_stages_overlap():
    # The first stage is done with the second item only when the second stage has begun with the first, and the other way
    # round: in one thread this would wait for ever.
    meet = threading.Barrier(2, timeout=20)
    reached = []

    def first(n: int) -> int:
        if n == 1:
            meet.wait()
        return n

    def second(n: int) -> int:
        if n == 0:
            meet.wait()
        reached.append(n)
        return n

    with Stages(first, second) as stages:
        assert list(stages.run([0, 1])) == reached == [0, 1]


def test_no_more_than_so_many_are_under_way():
    begun = []
    with Stages(begun.append) as stages:
        results = stages.run(count(), ahead=3)
        for n in range(5):
            next(results)
            assert len(begun) <= n + 3
        results.close()


def test_an_error_ends_its_item_alone():
    with Stages(lambda n: 1 / n, str) as stages:
        futures = [stages.submit(n) for n in (0, 1)]
        with pytest.raises(ZeroDivisionError):
            futures[0].result()
        assert futures[1].result() == "1.0"


def test_an_error_of_the_source_is_raised():
    def source():
        yield 1
        raise OSError("unplugged")

    with Stages(str) as stages:
        results = stages.run(source())
        assert next(results) == "1"
        with pytest.raises(OSError, match="unplugged"):
            next(results)


def test_a_call_comes_after_what_was_sent_before_it():
    told = []
    with Stages(lambda n: n, told.append) as stages:
        for n in range(20):
            stages.submit(n)
        assert stages.call(list, told).result() == list(range(20))


def test_closing_drops_what_has_not_begun_and_ends_the_threads():
    go, told = threading.Event(), []
    stages = Stages(lambda n: go.wait(20), told.append, name="closing")
    futures = [stages.submit(n) for n in range(5)]
    stages.close(wait=False)
    go.set()
    stages.close()
    assert any(future.cancelled() or future.exception() for future in futures[1:])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("closing")]
    with pytest.raises(RuntimeError):
        stages.submit(1)
