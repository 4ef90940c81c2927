import asyncio
from typing import Any

import pytest

from kslr.core.errors import InputError
from ui.door.front import FrontDoor

PAGE = b"<html><script>1</script></html>"


def ask(
    path: str = "/x",
    method: str = "GET",
    client: str = "192.0.2.9",
    proxies: tuple[str, ...] = (),
    kind: str = "http",
    headers: dict[str, str] | None = None,
) -> tuple[Any, dict[str, str], Any]:
    """Status (or close code), headers of the answer, and the scope that the application saw; None where it was not asked."""
    seen, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        given = [(b"content-type", b"text/html"), (b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": given})
        await send({"type": "http.response.body", "body": PAGE[:9], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[9:]})

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    scope = {"type": kind, "method": method, "path": path, "headers": given, "client": (client, 5), "scheme": "http"}
    door = FrontDoor(app, ["kslr.example"], proxies)
    asyncio.run(door({**scope, "server": ("192.0.2.1", 7860)}, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}
    if sent[-1].get("body") and seen:
        told["body"] = sent[-1]["body"].decode()
    return sent[0].get("status", sent[0].get("code")), told, seen[0] if seen else None


@pytest.mark.parametrize(
    "host", ["localhost:7860", "127.0.0.1", "[::1]:80", "KSLR.example", "kslr.example.:443", "192.0.2.1:7860"]
)
def test_its_own_names_are_answered(host):
    assert ask(headers={"host": host})[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "192.0.2.2", "", "a b", "localhost@evil.example", "["]
)
def test_a_name_that_somebody_else_made_lead_here_is_not(host):
    assert ask(headers={"host": host})[0] == 421
    assert ask(kind="websocket", headers={"host": host})[::2] == (1008, None)
    assert ask(headers={})[0] == 421


@pytest.mark.parametrize(
    "more",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://["},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"origin": "http://evil.example", "x-forwarded-host": "evil.example"},
    ],
)
def test_a_page_of_another_site_is_refused_whatever_it_asks(more):
    for method in ("GET", "POST", "DELETE", "OPTIONS", "HEAD"):
        status, told, seen = ask(method=method, headers={"host": "localhost", **more})
        assert (status, seen) == (403, None)
        assert not any(name.startswith("access-control") for name in told)
    assert ask(kind="websocket", headers={"host": "localhost", **more})[::2] == (1008, None)


def test_our_own_page_programs_and_links_to_the_page_come_in():
    own = {"host": "localhost:1", "origin": "http://localhost:1", "sec-fetch-site": "same-origin"}
    assert ask(method="POST", headers=own)[0] == 200
    assert ask(method="POST", headers={"host": "localhost"})[0] == 200
    link = {"host": "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert ask("/", headers=link)[0] == 200
    assert ask("/teach/download", headers=link)[0] == 403
    assert ask("/", method="POST", headers=link)[0] == 403


def test_answers_keep_other_sites_out():
    _, told, _ = ask(headers={"host": "localhost", "origin": "http://localhost"})
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert not any(name.startswith("access-control") for name in told)
    nonce = told["content-security-policy"].split("'nonce-")[1].split("'")[0]
    assert told["body"] == f'<html><script nonce="{nonce}">1</script></html>'
    assert int(told["content-length"]) == len(told["body"])
    scripts = told["content-security-policy"].split("script-src")[1].split(";")[0]
    assert "unsafe-inline" not in scripts
    assert nonce not in ask(headers={"host": "localhost"})[1]["content-security-policy"]


def test_a_report_is_framed_by_our_own_page_alone():
    _, told, _ = ask("/results/token/report.html", headers={"host": "localhost", "sec-fetch-site": "same-origin"})
    assert "frame-ancestors 'self'" in told["content-security-policy"]
    assert told["x-frame-options"] == "SAMEORIGIN"
    away = {"host": "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    assert ask("/results/token/report.html", headers=away)[0] == 403


def test_forwarded_headers_are_believed_from_a_named_proxy_alone():
    claims = {
        "host": "localhost",
        "x-forwarded-for": "198.51.100.1, 198.51.100.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "kslr.example",
    }
    for client, proxies in (("192.0.2.9", ()), ("192.0.2.9", ("192.0.2.8",)), ("10.1.0.1", ("10.0.0.0/16",))):
        scope = ask(client=client, proxies=proxies, headers=claims)[2]
        assert (scope["client"][0], scope["scheme"], scope["headers"]) == (client, "http", [(b"host", b"localhost")])
        assert scope["kslr.passed_proxy"]
    scope = ask(client="10.0.0.3", proxies=("10.0.0.0/16",), headers=claims)[2]
    assert (scope["client"][0], scope["scheme"]) == ("198.51.100.7", "https")  # the last one, which the proxy itself wrote
    assert scope["headers"] == [(b"host", b"kslr.example")]
    odd = {"host": "localhost", "x-forwarded-for": "x", "x-forwarded-proto": "gopher"}
    scope = ask(client="10.0.0.3", proxies=("10.0.0.3",), headers=odd)[2]
    assert (scope["client"][0], scope["scheme"]) == ("10.0.0.3", "http")


def test_hosts_and_proxies_must_be_such():
    with pytest.raises(InputError, match="name of a host"):
        FrontDoor(None, ["a b"])
    with pytest.raises(InputError, match="such as 127"):
        FrontDoor(None, proxies=["nginx"])
