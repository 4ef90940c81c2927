import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fusion.interpreter import Models
from ui.server.health import router
from ui.server.services import Limits, Services


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def services(models: Models) -> Services:
    return Services(models, Limits(sessions=2))


def client_of(services: Services, host: str = "127.0.0.1", metrics_for_all: bool = False) -> TestClient:
    app = FastAPI()
    app.include_router(router(services, metrics_for_all))
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
