import io
import json
import logging
import re
import subprocess
import sys
import warnings
from datetime import datetime

from ui.server.logs import LineFormatter, LogKind, describe_error, log_error, log_event, log_to, short_path

SECRET = "Айгерім_at_203.0.113.77"


def noted(as_json: bool, work) -> list[str]:
    """The lines that are written while something is done."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(as_json))
    root, level = logging.getLogger(), logging.getLogger("kslr").level
    root.addHandler(handler)
    logging.getLogger("kslr").setLevel(logging.INFO)
    try:
        work()
    finally:
        root.removeHandler(handler)
        logging.getLogger("kslr").setLevel(level)
    return stream.getvalue().splitlines()


def fall() -> None:
    raise ValueError(SECRET)


def caught() -> ValueError:
    try:
        fall()
    except ValueError as error:
        return error
    raise AssertionError


def test_an_event_is_a_json_line_or_a_short_text():
    (line,) = noted(True, lambda: log_event("session closed", session="a1b2c3", reason="idle", seconds=1.5))
    found = json.loads(line)
    assert datetime.fromisoformat(found.pop("time").replace("Z", "+00:00")).tzinfo is not None
    assert found == {"level": "info", "event": "session closed", "session": "a1b2c3", "reason": "idle", "seconds": 1.5}
    (line,) = noted(False, lambda: log_event("session closed", session="a1b2c3", reason="idle"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d session closed session=a1b2c3 reason=idle", line)


def test_an_exception_is_told_by_type_and_place_and_not_by_its_message():
    found = describe_error(caught())
    assert found["type"] == "ValueError"
    assert re.fullmatch(r"tests/ui/server/test_logs.py:\d+ fall", found["place"])
    assert [re.sub(r":\d+", "", one) for one in found["trace"]] == ["tests/ui/server/test_logs.py caught"]
    for as_json in (True, False):
        (line,) = noted(as_json, lambda: log_error(caught(), session="a1b2c3"))
        assert "ValueError" in line
        assert "test_logs.py" in line
        assert SECRET not in line
        assert "a1b2c3" in line


def test_what_libraries_log_is_told_by_its_place_alone():
    library = logging.getLogger("some.package")

    def speak() -> None:
        library.warning("%s asked for %s", SECRET, SECRET)
        library.error(f"no file {SECRET}")
        try:
            fall()
        except ValueError:
            library.exception("while reading %s", SECRET)

    lines = noted(True, speak)
    assert [json.loads(line)["event"] for line in lines] == ["library", "library", "error"]
    assert all(json.loads(line)["logger"] == "some.package" for line in lines)
    assert json.loads(lines[2])["type"] == "ValueError"
    assert not any("203.0.113.77" in line or "read" in line for line in lines)


def test_places_tell_no_home():
    assert short_path("/home/aigerim/site-packages/uvicorn/server.py") == "uvicorn/server.py"
    assert short_path("C:\\Users\\aigerim\\site-packages\\uvicorn\\server.py") == "uvicorn/server.py"
    assert short_path("/home/aigerim/thing.py") == "thing.py"
    assert short_path(__file__) == "tests/ui/server/test_logs.py"


WHOLE = """
import asyncio, logging, sys, threading, warnings
from ui.server.logs import LogKind, log_event, log_to
log_to(LogKind(sys.argv[1]))
log_event("server started", places=2)
warnings.warn("about SECRET")
logging.getLogger("uvicorn.access").info("SECRET asked")
logging.getLogger("uvicorn.error").warning("SECRET failed")
try:
    raise asyncio.CancelledError
except asyncio.CancelledError:
    logging.getLogger("uvicorn.error").exception("cut off because we stop")
def fall():
    raise ValueError("SECRET")
thread = threading.Thread(target=fall); thread.start(); thread.join()
"""


def test_a_whole_process_writes_one_kind_of_lines():
    def errors(kind: str) -> str:
        return subprocess.run([sys.executable, "-c", WHOLE, kind], capture_output=True, text=True, check=True).stderr

    lines = [json.loads(line) for line in errors("json").splitlines()]
    assert [(one["event"], one.get("logger"), one.get("type")) for one in lines] == [
        ("server started", None, None),
        ("library", "py.warnings", None),
        ("library", "uvicorn.error", None),
        ("error", None, "ValueError"),
    ]
    text = errors("text")
    assert len(text.splitlines()) == 4
    assert "places=2" in text
    assert "SECRET" not in text + json.dumps(lines)
    assert errors("none") == ""


def test_the_log_can_go_elsewhere():
    before, level, hook = logging.root.handlers[:], logging.root.level, warnings.showwarning
    stream = io.StringIO()
    try:
        log_to(LogKind.json, stream)
        log_event("server started")
    finally:
        logging.captureWarnings(False)
        logging.root.handlers[:] = before
        logging.root.setLevel(level)
        warnings.showwarning = hook
    assert json.loads(stream.getvalue())["event"] == "server started"
