import errno
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.door.uploads import Uploads, build_upload_router
from ui.server.resources import Limits


@pytest.fixture
def uploads(tmp_path, monkeypatch) -> Uploads:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return Uploads(Limits(upload_megabytes=2, client_megabytes=3, all_megabytes=5))


def client(uploads: Uploads, host: str = "192.0.2.1") -> TestClient:
    app = FastAPI()
    app.include_router(build_upload_router(uploads))
    return TestClient(app, client=(host, 1))


def send(who: TestClient, *sizes: int):
    return who.post("/gradio_api/upload", files=[("files", (f"{n}.mp4", bytes(size))) for n, size in enumerate(sizes)])


def test_files_are_kept_each_in_a_folder_of_its_own(uploads, tmp_path):
    paths = send(client(uploads), 10, 20).json()
    assert [Path(path).stat().st_size for path in paths] == [10, 20]
    assert len({path.rsplit("/", 1)[0] for path in paths}) == 2
    assert uploads.held("192.0.2.1") == 30


def test_one_client_and_all_together_have_a_share(uploads):
    first, second, third = (client(uploads, f"192.0.2.{n}") for n in (1, 2, 3))
    assert send(first, 2_100_000).status_code == 413  # one file
    assert send(first, 1_900_000).status_code == 200
    assert send(first, 1_900_000).status_code == 413  # one client
    assert send(second, 1_900_000).status_code == 200
    assert send(third, 1_900_000).status_code == 413  # all
    assert send(third, 100_000).status_code == 200
    for path in list(uploads._owners):
        shutil.rmtree(path)
    assert uploads.held() == 0
    assert send(first, 1_900_000).status_code == 200


def test_a_full_disk_is_told_and_leaves_nothing(uploads, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ui.door.uploads.shutil.copyfileobj", full)
    assert send(client(uploads), 10).status_code == 507
    assert not list((tmp_path / "uploads").iterdir())
    assert uploads.held() == 0


def test_what_arrives_at_the_same_time_is_counted_together(uploads):
    """Two halves of a share at once, each in time for the other."""
    from concurrent.futures import ThreadPoolExecutor

    def slowly() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        for _ in range(19):
            time.sleep(0.02)
            yield bytes(100_000)
        yield b"\r\n--x--\r\n"

    app, kind = client(uploads), {"content-type": "multipart/form-data; boundary=x"}
    with app, ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda _: app.post("/gradio_api/upload", content=slowly(), headers=kind), range(2)))
    assert sorted(reply.status_code for reply in replies) == [200, 413]


def test_what_says_that_it_is_too_much_is_not_waited_for(uploads):
    kind = {"content-type": "multipart/form-data; boundary=x", "content-length": "3000001"}
    assert client(uploads).post("/gradio_api/upload", content=b"--x\r\n", headers=kind).status_code == 413
    assert uploads.held() == 0


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/x"])
def test_what_is_no_form_is_refused(uploads, kind):
    reply = client(uploads).post("/gradio_api/upload", content=b"--x\r\n", headers={"content-type": kind})
    assert reply.status_code in (200, 400)
    assert reply.status_code == 400 or reply.json() == []
    assert uploads.held() == 0


def test_the_header_of_a_part_is_short(uploads):
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + b"a" * 100_000 + b'"\r\n\r\nx\r\n--x--\r\n'
    reply = client(uploads).post("/gradio_api/upload", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert reply.status_code == 400


def test_what_nobody_used_is_deleted_by_the_clock(uploads, tmp_path):
    send(client(uploads), 10)
    (tmp_path / "uploads" / "tmpabc").touch()  # as Gradio leaves them
    uploads.expire(3600)
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    uploads.expire(-1)
    assert list((tmp_path / "uploads").iterdir()) == []
