"""Extraction on a real dask cluster of two worker processes. With KSLR_LONG=1 there are more clips and more killing."""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kslr.cluster import Cluster, check_worker, extract_on_worker
from kslr.core.errors import InputError
from kslr.extraction import ENDED, MANIFEST, Extraction, extract
from kslr.recordings import load_recording
from tests.clips import shaken, write

pytest.importorskip("distributed", reason="needs the extra cluster")

LONG = os.environ.get("KSLR_LONG") == "1"
CLIPS, KILLS = (60, 20) if LONG else (6, 1)


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    # On a busy machine a killed worker needs longer to come back than a local cluster waits for it by itself.
    settings = {
        "distributed.deploy.lost-worker-timeout": "10 minutes",
        "distributed.scheduler.allowed-failures": 10 if LONG else 1,
    }
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    """Clips of different lengths and movements, and one that is none."""
    root = tmp_path_factory.mktemp("clips")
    (root / "hello").mkdir()
    for n in range(CLIPS):
        write(root / "hello" / f"{n}.mp4", shaken(astronaut, frames=6 + n % 6, reach=4 + 3 * n))
    (root / "broken.mp4").write_bytes(b"not a video")
    return root


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of them."""
    out = tmp_path_factory.mktemp("plain")
    list(extract(folder, out, workers=1))
    return out


def pids(cluster: Cluster) -> list[int]:
    return list(cluster._client.run(os.getpid, on_error="ignore").values())


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def die(name: str) -> str:
    """Ends its worker as the system does where memory runs out."""
    if name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return name


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_worker_loses_nothing(local: Any, folder: Path, plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Cluster(local.scheduler_address, patience=120) as cluster:
        moments, killed, done = random.Random(0), list[int](), list[Extraction]()
        for one in cluster.extract(folder, out):
            done.append(one)
            if len(killed) < KILLS:  # somewhere in the clips that the workers are at now
                time.sleep(moments.uniform(0, 0.5))
                living = sorted(set(pids(cluster)) - set(killed))
                if living:
                    killed.append(moments.choice(living))
                    os.kill(killed[-1], signal.SIGKILL)
    assert len(killed) == len(set(killed)) == KILLS
    assert {one.clip for one in done} == {"broken.mp4", *(f"hello/{n}.mp4" for n in range(CLIPS))}
    assert len(done) == CLIPS + 1
    assert {one.clip for one in done if one.problem} == {"broken.mp4"}
    assert all(one.fresh for one in done)
    for n in range(CLIPS):
        made = load_recording(out / f"hello/{n}.mp4.npz")
        assert len(made.x) == 6 + n % 6
        assert np.isfinite(made.x[:, 0]).any()
    # Recordings, manifest, and nothing else: nothing half written, no token.
    assert files(out) == files(plain)

    # The same again: what is whole is kept, what is damaged or missing is made anew.
    (out / "hello/0.mp4.npz").unlink()
    (out / "hello/1.mp4.npz").write_bytes((out / "hello/1.mp4.npz").read_bytes()[:200])
    (out / "hello/.2.mp4.npz.abcd_123").write_bytes(b"what a killed worker left")
    kept = [out / f"hello/{n}.mp4.npz" for n in range(2, CLIPS)]
    times = [path.stat().st_mtime_ns for path in kept]
    with Cluster(local.scheduler_address, patience=120) as cluster:
        again = {one.clip: one for one in cluster.extract(folder, out)}
    assert {name for name, one in again.items() if one.fresh} == {"hello/0.mp4", "hello/1.mp4", "broken.mp4"}
    assert times == [path.stat().st_mtime_ns for path in kept]
    assert files(out) == files(plain)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_kills_every_worker_is_told_and_the_rest_goes_on(local: Any) -> None:
    names = ["a", "deadly", *"bcdefgh"]
    with Cluster(local.scheduler_address, patience=120) as cluster:
        found = dict(cluster.run_tasks(die, names, [(name,) for name in names]))
    assert found == {name: None if name == "deadly" else name for name in names}


def test_an_error_of_the_work_is_raised(local: Any) -> None:
    with Cluster(local.scheduler_address, patience=120) as cluster, pytest.raises(ZeroDivisionError):
        list(cluster.run_tasks(divmod, ["a"], [(1, 0)]))


def test_a_clip_that_ended_every_worker_is_in_the_manifest(folder: Path, tmp_path: Path) -> None:
    from kslr.extraction import extract_with

    def spread(work: Any, names: Any, arguments: Any) -> Any:
        yield from ((name, None) for name in names)

    done = list(extract_with(spread, folder, tmp_path))
    assert {one.problem for one in done} == {ENDED}
    assert ENDED in (tmp_path / MANIFEST).read_text()


def test_no_scheduler_is_told_in_time() -> None:
    with (
        pytest.raises(InputError, match=r"No scheduler answers at tcp://127.0.0.1:9 within 1 s"),
        Cluster("tcp://127.0.0.1:9", 1),
    ):
        pass
    for address in ("127.0.0.1", "http://127.0.0.1:80", ""):
        with pytest.raises(InputError, match="no scheduler's address"), Cluster(address, 1):
            pass


def test_tls_without_a_certificate_is_told() -> None:
    with pytest.raises(InputError, match="needs a certificate"), Cluster("tls://127.0.0.1:9", 1):
        pass


def test_a_scheduler_without_workers_is_told_in_time() -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=":0") as empty:  # noqa: SIM117
        with pytest.raises(InputError, match="has no workers after 1 s"), Cluster(empty.scheduler_address, 1):
            pass


def test_a_scheduler_that_is_lost_ends_the_run() -> None:
    from distributed import LocalCluster

    local = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0")
    with local, Cluster(local.scheduler_address, patience=8) as cluster:  # so long it tries to come back, too
        results = cluster.run_tasks(str, [str(n) for n in range(50)], [(n,) for n in range(50)])
        assert next(results)[1] in {str(n) for n in range(50)}
        local.close()
        with pytest.raises(InputError, match=r"connection to the scheduler .* was lost"):
            list(results)


def test_a_folder_that_workers_do_not_see_is_told(local: Any, folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    # Only this process sees the clip: to the workers, its folder is gone.
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "a.mp4").write_bytes((folder / "hello/0.mp4").read_bytes())
    with Cluster(local.scheduler_address, patience=120) as cluster:
        run = cluster._client.run

        def unmounted(*given: Any, **options: Any) -> Any:
            (hidden / "a.mp4").unlink()
            return run(*given, **options)

        monkeypatch.setattr(cluster._client, "run", unmounted)
        with pytest.raises(InputError, match=r"does not see .*a.mp4 as it is here. Mount"):
            cluster.extract(hidden, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_what_keeps_a_worker_from_its_work_is_said(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    import kslr.cluster as module

    clip, token = folder / "hello/0.mp4", tmp_path / "token"
    token.write_bytes(b"")
    size, versions = clip.stat().st_size, module._versions()
    assert check_worker(str(clip), size, str(token), versions) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["token"]
    assert "Install the same versions" in check_worker(str(clip), size, str(token), versions | {"mediapipe": "0.1"})
    assert "does not see" in check_worker(str(clip), size + 1, str(token), versions)
    monkeypatch.setattr(module, "VISIBLE", 0.1)
    assert f"does not see {tmp_path}" in check_worker(str(clip), size, str(tmp_path / "other"), versions)
    if Path("/proc/version").exists():  # a folder where nobody may make a file, whoever runs the tests
        assert "may not write into /proc" in check_worker(str(clip), size, "/proc/version", versions)


def test_a_worker_that_came_later_without_the_folders_ends_the_run(folder: Path, tmp_path: Path) -> None:
    for clips, out in ((tmp_path / "nowhere", tmp_path), (folder, tmp_path / "nowhere")):
        with pytest.raises(InputError, match=r"does not see .*nowhere"):
            extract_on_worker(str(clips), str(out), "hello/0.mp4", False)
    (tmp_path / MANIFEST).write_text("")
    assert isinstance(extract_on_worker(str(folder), str(tmp_path), "broken.mp4", False), Extraction)


def test_without_the_extra_it_is_named(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="extra cluster"), Cluster("tcp://127.0.0.1:9"):
        pass
