"""docs/serving: the recipes are parsed, and nginx really runs with two real servers behind it."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from benchmarks.clients import jpeg
from benchmarks.server import RunningServer, login_header, run_server
from tests import clips
from tests.sources import ROOT, project
from ui.cli.main import app
from ui.door.password import SHORTEST_KEY

HERE = ROOT / "docs/serving"
LOGIN = "kslr:сөз"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The replicas behind nginx."""
    return yaml.safe_load((HERE / "replicas.yaml").read_text())


@pytest.fixture(scope="module")
def single() -> dict[str, Any]:
    """The one server of the compose.yaml at the top."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def options_of_serve() -> set[str]:
    """What ``kslr serve`` knows."""
    return set(re.findall(r"--[a-z-]+", CliRunner().invoke(app, ["serve", "--help"], terminal_width=200).output))


def test_every_server_is_nobody_and_writes_only_its_data(compose, single):
    servers = [one for name, one in compose["services"].items() if name.startswith("kslr")]
    assert len(servers) == 2
    for one in (*servers, single["services"]["kslr"]):
        assert one["read_only"] is True
        assert one["tmpfs"][0].startswith("/tmp:")
        assert one["user"] not in ("", "0", "root", "0:0")
        assert one["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in one["security_opt"]
        assert {option for option in one["command"] if option.startswith("--")} <= options_of_serve()
        assert [volume.split(":") for volume in one["volumes"]] == [["data", "/data"]]
    assert "data" in compose["volumes"]
    assert "data" in single["volumes"]


def test_the_single_server_is_reached_from_its_own_machine_alone(single):
    assert single["services"]["kslr"]["ports"] == ["127.0.0.1:7860:7860"]


def test_the_replicas_are_reached_through_nginx_alone(compose):
    for name, one in compose["services"].items():
        if name.startswith("kslr"):
            assert "ports" not in one
            assert compose["networks"][one["networks"][0]]["internal"] is True
    assert compose["services"]["nginx"]["networks"]["inside"]["ipv4_address"] in compose["services"]["kslr1"]["command"]
    for one in compose["services"]["nginx"]["depends_on"].values():
        assert one == {"condition": "service_healthy"}
    for name in re.findall(r"\$\{(\w+)", (HERE / "replicas.yaml").read_text()):
        assert name in {"KSLR_AUTH", "KSLR_COOKIE_KEY", "KSLR_HOST"}
    assert "KSLR_COOKIE_KEY" in CliRunner().invoke(app, ["serve", "--help"], terminal_width=300).output


def test_the_image_is_of_this_project_and_runs_as_nobody(compose, single):
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    by_name = dict(steps)
    user = by_name["USER"].split(":")[0]
    assert int(user) > 0
    for one in (compose["services"]["kslr1"], single["services"]["kslr"]):
        assert one["user"].split(":")[0] == user
    entry = json.loads(by_name["ENTRYPOINT"])
    assert entry[1] == "serve"
    assert "--no-browser" in entry
    assert {option for option in [*entry, *json.loads(by_name["CMD"])] if option.startswith("--")} <= options_of_serve()
    assert "/health" in by_name["HEALTHCHECK"]
    assert "KSLR_HOME=/data" in by_name["ENV"]


def test_the_image_holds_every_package_and_the_models():
    copied = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
    setup = project()["tool"]["setuptools"]
    tops = {name.split(".")[0] for name in setup["packages"]} | set(setup["package-dir"].values())
    assert tops == {"kslr", "emotion", "fusion", "ui", "models"}
    assert {*tops, "pyproject.toml", "README.md", "LICENSE"} <= copied
    assert set(re.findall(r"/src/(\S+\.lock)", (ROOT / "Dockerfile").read_text())) <= copied


def test_all_name_the_same_replicas_and_port(compose):
    conf, scrape = (HERE / "nginx.conf").read_text(), yaml.safe_load((HERE / "prometheus.yml").read_text())
    replicas = {f"{name}:7860" for name in compose["services"] if name.startswith("kslr")}
    upstreams = dict(re.findall(r"upstream (\w+) \{(.*?)\}", conf, re.DOTALL))
    assert set(re.findall(r"server (\S+:\d+)", upstreams["replicas"])) == replicas
    assert set(re.findall(r"server (\S+:\d+)", upstreams["first"])) < replicas
    assert set(scrape["scrape_configs"][0]["static_configs"][0]["targets"]) == replicas
    listened = {f"{port.split(':')[-1]}" for port in compose["services"]["nginx"]["ports"]}
    assert set(re.findall(r"listen (\d+)", conf)) == listened
    mounted = [one.split(":")[1] for one in compose["services"]["nginx"]["volumes"]]
    assert all(any(path.startswith(place) for place in mounted) for path in re.findall(r"ssl_certificate\w* (\S+);", conf))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Proxied:
    """nginx with the replicas behind it."""

    port: int
    plain_port: int
    trust: ssl.SSLContext
    replicas: list[RunningServer]

    def ask(self, path: str, content: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        request = urllib.request.Request(f"https://localhost:{self.port}/{path}", content, {**login_header(LOGIN), **headers})
        try:
            with urllib.request.urlopen(request, timeout=120, context=self.trust) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def place(self) -> str:
        """What a browser keeps of its first page."""
        return SimpleCookie(self.ask("health")[1]["set-cookie"])["kslr_place"].value

    def answered(self) -> list[float]:
        """Pictures that each replica has read."""
        return [one.metrics()["kslr_frames_answered_total"] if one.process.poll() is None else -1.0 for one in self.replicas]


@contextmanager
def nginx(folder: Path, replicas: list[RunningServer]) -> Iterator[Proxied]:
    """Runs the documented nginx.conf, with its names and places put in for those of this machine."""
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    make += " -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    port, plain = free_port(), free_port()
    conf = (HERE / "nginx.conf").read_text()
    for old, new in {
        "listen 8443": f"listen 127.0.0.1:{port}",
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "/tmp/": f"{folder}/",
        "/etc/nginx/tls/": f"{folder}/",
        **{f"kslr{n}:7860": one.url.split("//")[1].rstrip("/") for n, one in enumerate(replicas, 1)},
    }.items():
        assert old in conf, old
        conf = conf.replace(old, new)
    (folder / "nginx.conf").write_text(conf)
    command = [shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"), "-p", str(folder)]
    command += ["-c", str(folder / "nginx.conf"), "-e", str(folder / "error.txt")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        found = Proxied(port, plain, ssl.create_default_context(cafile=certificate), replicas)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"):
        pytest.skip("needs nginx (apt-get install nginx-light)")
    if not shutil.which("openssl"):
        pytest.skip("needs openssl for a certificate")
    with ExitStack() as stack:
        options = ("--max-sessions", "2", "--cookie-key", "k" * SHORTEST_KEY, "--log", "json", "--proxy", "127.0.0.1")
        folders = [tmp_path_factory.mktemp(f"replica{n}") for n in (1, 2)]
        replicas = [stack.enter_context(run_server(folder, *options, login=LOGIN)) for folder in folders]
        yield stack.enter_context(nginx(tmp_path_factory.mktemp("nginx"), replicas))


@pytest.fixture(scope="module")
def pictures(astronaut) -> list[bytes]:
    return [jpeg(picture) for picture in clips.shaken(astronaut, 6, (480, 360), reach=4)]


async def sign(proxied: Proxied, place: str, pictures: list[bytes], frames: int) -> list[dict[str, Any]]:
    """A live session of a browser that keeps the cookie; gives its answers."""
    from websockets.asyncio.client import connect

    headers = {**login_header(LOGIN), "Cookie": f"kslr_place={place}", "Origin": f"https://localhost:{proxied.port}"}
    address = f"wss://localhost:{proxied.port}/live"
    async with connect(address, ssl=proxied.trust, additional_headers=headers, open_timeout=120) as socket:
        replies = [json.loads(await asyncio.wait_for(socket.recv(), 120))]
        for n in range(frames):
            await socket.send(struct.pack("<d", n / 10) + pictures[n % len(pictures)])
            replies.append(json.loads(await asyncio.wait_for(socket.recv(), 120)))
    return replies


def test_a_persons_pictures_all_reach_one_replica_and_people_are_spread(proxied, pictures):
    reached = set()
    for _ in range(12):
        place, before = proxied.place(), proxied.answered()
        replies = asyncio.run(sign(proxied, place, pictures, 2))
        assert replies[0] == {"ready": True}
        assert replies[-1]["face"]
        for n in (0, 1):  # the way where sockets are refused, with the same cookie
            path = f"live/frame?session={place}"
            status, headers, _ = proxied.ask(path, struct.pack("<d", n) + pictures[n], Cookie=f"kslr_place={place}")
            assert status == 200
            assert "set-cookie" not in headers or "kslr_place" not in headers["set-cookie"]
        proxied.ask(f"live/end?session={place}", b"", Cookie=f"kslr_place={place}")
        more = [after - was for after, was in zip(proxied.answered(), before, strict=True)]
        assert sorted(more) == [0, 4]
        reached.add(more.index(4))
        if len(reached) == 2:
            break
    assert reached == {0, 1}


def test_the_cookie_is_for_this_site_alone_and_https_is_insisted_on(proxied):
    status, headers, _ = proxied.ask("health")
    assert status == 200
    cookie = SimpleCookie(headers["set-cookie"])["kslr_place"]
    assert re.fullmatch("[0-9a-f]{32}", cookie.value)
    assert cookie["secure"]
    assert cookie["httponly"]
    assert not cookie["max-age"]
    assert not cookie["expires"]
    # What somebody else has put there chooses nothing.
    assert "kslr_place" in proxied.ask("health", Cookie="kslr_place=nurlan")[1]["set-cookie"]
    with socket.create_connection(("127.0.0.1", proxied.plain_port), 10) as plain:
        plain.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"308" in plain.recv(200)


def test_metrics_stay_inside_and_what_is_too_large_outside(proxied):
    assert proxied.ask("metrics")[0] == 404
    # Straight at the server but handed on by a proxy is not from here either.
    headers = {**login_header(LOGIN), "X-Forwarded-Host": "localhost"}
    request = urllib.request.Request(proxied.replicas[0].url + "metrics", headers=headers)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    with (
        socket.create_connection(("127.0.0.1", proxied.port), 10) as raw,
        proxied.trust.wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000000\r\n\r\n")
        assert b" 413 " in secure.recv(200)


def test_who_was_let_in_by_one_replica_is_let_in_by_the_other(proxied):
    place = proxied.place()
    status, headers, page = proxied.ask("", Cookie=f"kslr_place={place}")
    assert status == 200
    assert b"KSLR" in page
    known = SimpleCookie(headers["set-cookie"])["kslr"]
    assert known["secure"]
    for replica in proxied.replicas:
        request = urllib.request.Request(replica.url + "vocabularies", headers={"Cookie": f"kslr={known.value}"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert reply.status == 200


def test_who_loses_a_replica_goes_on_with_the_other(proxied, pictures):
    place, before = proxied.place(), proxied.answered()
    asyncio.run(sign(proxied, place, pictures, 1))
    theirs = next(n for n, was in enumerate(before) if proxied.answered()[n] > was)
    proxied.replicas[theirs].process.terminate()
    proxied.replicas[theirs].process.wait(60)
    replies = asyncio.run(sign(proxied, place, pictures, 1))
    assert replies[0] == {"ready": True}
    assert proxied.answered()[1 - theirs] > before[1 - theirs]
