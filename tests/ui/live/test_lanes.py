import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from ui.live.lanes import Lanes


def thread_of(lane: Any) -> int:
    return lane.call(threading.get_ident).result(10)


def test_sessions_share_the_threads_and_each_keeps_its_own():
    lanes = Lanes(count=2)
    taken = [lanes.take(str) for _ in range(6)]
    threads = [thread_of(lane) for lane in taken]
    assert len(set(threads)) == 2
    assert sorted(threads.count(one) for one in set(threads)) == [3, 3]
    assert [thread_of(lane) for lane in taken] == threads
    for lane in taken[::2]:  # all of one thread
        lane.close()
        lane.close()  # counts once
    assert {thread_of(lanes.take(str)) for _ in range(3)} == {threads[0]}
    lanes.close()


def test_work_keeps_its_order_and_one_fault_ends_no_other():
    lanes, done = Lanes(count=1), []

    def work(item: int) -> int:
        time.sleep(0.01 if item % 2 else 0)
        done.append(item)
        return 10 // item

    lane, other = lanes.take(work), lanes.take(work)
    futures: list[Future[Any]] = [(lane if item % 3 else other).send(item)[-1] for item in (5, 4, 3, 0, 2, 1)]
    assert [future.exception(10) is None for future in futures] == [True, True, True, False, True, True]
    assert done == [5, 4, 3, 0, 2, 1]
    lanes.close()


def test_a_closed_lane_does_what_was_sent_and_takes_no_more():
    lanes, go = Lanes(count=1), threading.Event()
    lane, other = lanes.take(lambda item: go.wait(10) and item), lanes.take(str)
    first = lane.send(1)[-1]
    last = lane.call(lambda: "freed")
    lane.close()
    with pytest.raises(RuntimeError, match="closed"):
        lane.send(2)
    go.set()
    assert (first.result(10), last.result(10)) == (1, "freed")
    assert other.send(3)[-1].result(10) == "3"
    lanes.close()
