import threading
import time

import pytest

from fusion.interpreter import Models
from kslr.core.errors import InputError
from tests.pictures import message
from ui.server.resources import Limits
from ui.server.sessions import Sessions


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def test_one_picture_is_in_the_pass_while_the_next_is_unpacked_and_the_last_is_read(models, astronaut, monkeypatch):
    session = Sessions(models, Limits(sessions=1)).open("a")
    meet, go = threading.Barrier(2, timeout=60), threading.Event()
    look, read = session.reader.look, session.reader.read_frame

    def slow_look(frame):
        if frame.seconds == 1.0:
            meet.wait()  # the first picture is being read
            assert go.wait(60)
        return look(frame)

    def slow_read(frame, landmarks):
        if frame.seconds == 0.0:
            meet.wait()  # the second is in the pass
        return read(frame, landmarks)

    monkeypatch.setattr(session.reader, "look", slow_look)
    monkeypatch.setattr(session.reader, "read_frame", slow_read)
    told = [session.send(message(astronaut, seconds))[1] for seconds in (0.0, 1.0, 2.0)]
    assert told[0].result(60)["seconds"] == 0.0
    deadline = time.monotonic() + 60
    while session.last_seconds < 2.0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert session.last_seconds == 2.0  # unpacked, though the one before is still in the pass
    assert not told[1].done()
    go.set()
    assert [future.result(60)["seconds"] for future in told[1:]] == [1.0, 2.0]
    with pytest.raises(InputError, match="order of their times"):
        session.send(message(astronaut, 1.5))[1].result(60)
    session.close()
