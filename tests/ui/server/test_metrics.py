import threading

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from fusion.interpreter import Models
from ui.server.metrics import ENDINGS, REFUSALS, Metrics, build_health_router
from ui.server.resources import Limits
from ui.server.services import Services


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every series by its name and its labels' values."""
    families = text_string_to_metric_families(metrics.text())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_every_series_is_there_from_the_start():
    found = figures(Metrics())
    for reason in REFUSALS:
        assert found["kslr_refusals_total", reason] == 0
    for reason in ENDINGS:
        assert found["kslr_sessions_ended_total", reason] == 0
    for name in ("frames_received", "frames_answered", "frames_dropped", "words", "videos_ended", "sessions_opened", "errors"):
        assert found[f"kslr_{name}_total",] == 0
    assert found["kslr_trackers",] == 0
    assert found["kslr_frame_seconds_count",] == 0


def test_what_is_counted_is_told_and_two_servers_are_apart():
    one, other = Metrics(), Metrics()
    one.refused("full")
    one.frame.observe(0.06)
    one.part("pass", 0.04)
    one.watch("sessions", "Now.", lambda: 3)
    found = figures(one)
    assert found["kslr_refusals_total", "full"] == 1
    assert found["kslr_frame_seconds_bucket", "0.05"] == 0
    assert found["kslr_frame_seconds_bucket", "0.075"] == 1
    assert found["kslr_frame_part_seconds_sum", "pass"] == pytest.approx(0.04)
    assert found["kslr_sessions",] == 3
    assert figures(other)["kslr_refusals_total", "full"] == 0


def test_a_label_is_never_anybodys_text():
    with pytest.raises(ValueError, match="no reason"):
        Metrics().refused("Айгерім")


def test_threads_count_together():
    metrics = Metrics()
    threads = [threading.Thread(target=lambda: [metrics.words.inc() for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures(metrics)["kslr_words_total",] == 2000


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def services(models: Models) -> Services:
    return Services(models, Limits(sessions=2))


def client_of(services: Services, host: str = "127.0.0.1", metrics_for_all: bool = False) -> TestClient:
    app = FastAPI()
    app.include_router(build_health_router(services, metrics_for_all))
    return TestClient(app, client=(host, 50000))


def test_a_server_that_stops_is_not_ready(services):
    client = client_of(services)
    assert client.get("/health").status_code == 200
    assert client.get("/health").json()["status"] == "ok"
    services.close()
    reply = client.get("/health")
    assert reply.status_code == 503
    assert reply.json()["status"] == "stopping"


def test_metrics_are_for_this_machine_alone_unless_opened(services):
    try:
        near = client_of(services)
        reply = near.get("/metrics")
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "kslr_sessions_limit 2.0" in reply.text
        assert "kslr_uptime_seconds" in reply.text
        # A proxy on this machine asks for somebody else.
        for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"):
            assert near.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403, name
        far = client_of(services, "203.0.113.7").get("/metrics")
        assert far.status_code == 403
        assert "--metrics" in far.text
        assert "kslr_" not in far.text
        assert client_of(services, "203.0.113.7", metrics_for_all=True).get("/metrics").status_code == 200
    finally:
        services.close()
