"""Launches the web application: checks what was asked for, takes a port, and serves until it is interrupted."""

import os
import re
import shutil
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from kslr.core.errors import InputError
from ui.server.logs import LogKind, log_to

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
PORTS = 20
END_SECONDS = 10.0  # that work under way may take to end after SIGTERM


def launch(
    host: Annotated[str, Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Option(help="Port to listen on; the next free one when it is taken.")] = 7860,
    auth: Annotated[
        str | None, Option(envvar="KSLR_AUTH", help="USER:PASSWORD that everybody must give.", show_default=False)
    ] = None,
    cookie_key: Annotated[
        str,
        Option(envvar="KSLR_COOKIE_KEY", help="With --auth: the same for all servers at one address.", show_default=False),
    ] = "",
    certificate: Annotated[Path | None, Option(help="PEM certificate for https, which cameras elsewhere need.")] = None,
    key: Annotated[Path | None, Option(help="PEM key of the certificate.")] = None,
    max_sessions: Annotated[int, Option(help="People signing at the same time; each takes about 200 MB.")] = 4,
    max_browser_sessions: Annotated[
        int, Option(help="People signing at the same time whom their own browsers track; each takes little.")
    ] = 60,
    allowed_host: Annotated[
        list[str] | None,
        Option(help="Name that people reach it by, such as kslr.example; this machine's own are known.", show_default=False),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        Option(help="Address or network of a proxy whose forwarded headers are believed.", show_default=False),
    ] = None,
    root_path: Annotated[str, Option(help="Where a proxy serves it, such as /kslr.")] = "",
    browser: Annotated[bool, Option(help="Open the app in a browser on this machine once the server listens.")] = True,
    log: Annotated[LogKind, Option(help="What happens, on standard error; nothing about people.")] = LogKind.text,
    metrics: Annotated[
        bool, Option("--metrics", help="Answer /metrics (Prometheus) to others too, not only to this machine.")
    ] = False,
    captions: Annotated[
        Path | None, Option(help="Also write this machine's last words to this text file, for OBS and the like.")
    ] = None,
    signs: Annotated[str, Option(help="Sign model: a shipped name or a card's path.")] = "kslr30",
    emotion: Annotated[str, Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
    studio: Annotated[Path | None, Option(hidden=True, help="Folder of the Studio's data set; see kslr studio.")] = None,
) -> None:
    """Serves the app until it is interrupted. It is `kslr serve`, whose help describes the arguments.

    Port 0 is any free port. A browser is opened only where it can show a window.

    Raises:
        InputError: no port is free, a model or certificate is missing, or an option is wrong.
    """
    for path in (certificate, key):
        if path is not None and not Path(path).is_file():
            raise InputError(f"{path} does not exist. Give the PEM files of certificate and key.")
    if (certificate is None) != (key is None):
        raise InputError("https needs both a certificate and its key.")
    if max_sessions < 1 or max_browser_sessions < 0:
        raise InputError("At least one person must be able to sign: --max-sessions 1 or more, --max-browser-sessions 0 or more.")
    root_path = check_root_path(root_path)
    listening = listen(host, port)
    from ui.server.assembly import build_server, keep_offline

    keep_offline()
    import uvicorn
    from threadpoolctl import threadpool_limits

    from fusion.interpreter import Models
    from ui.captions.caption_file import CaptionFile
    from ui.door.front import FrontDoor
    from ui.door.password import PasswordGuard
    from ui.door.turns import LINES, THIS_MACHINE, TimedProtocol, Turns
    from ui.server.folders import private_folder
    from ui.server.resources import Limits
    from ui.server.services import Services
    from ui.tracking.command import prepare

    prepare()

    class Server(uvicorn.Server):
        """Opens the browser when the server answers, not before."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if browser and self.started and has_display():
                threading.Thread(target=webbrowser.open, args=(local_address,), daemon=True).start()

        def handle_exit(self, sig: int, frame: Any) -> None:
            end_in_time(sig, folder)
            super().handle_exit(sig, frame)

    # Everything that is kept for a while lies in one folder, also what Gradio and libraries keep.
    writing = CaptionFile(captions) if captions else nullcontext()
    with private_folder() as folder, stop_on_terminate(), writing as caption_file:
        # Many people's small products share the cores; threads that wait for each other only burn them.
        threadpool_limits(1, "blas")
        limits = Limits(sessions=max_sessions, browser_sessions=max_browser_sessions)
        services = Services(Models.load(signs, emotion, threads=1), limits)
        services.asks_password = auth is not None
        services.studio = studio
        services.captions.file = caption_file
        server: Any = build_server(services, root_path, metrics)
        if auth is not None:
            server = PasswordGuard(server, auth, cookie_key)
        server = FrontDoor(Turns(server), [host, *(allowed_host or [])], proxy or [], lambda: services.metrics.refused("origin"))
        LINES.is_many = lambda client: client in THIS_MACHINE or server.is_proxy(client)
        shown_host = f"[{host}]" if ":" in host else host
        address = f"{'https' if certificate else 'http'}://{shown_host}:{listening.getsockname()[1]}"
        address = root_path if "://" in root_path else f"{address}{root_path}"
        local_address = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        local_address += "/#studio" if studio else ""
        print(f"KSLR is at {address}  (Ctrl+C stops it)", flush=True)
        missing = [
            text for text, given in (("a password (--auth)", auth), ("https (--certificate, --key)", certificate)) if not given
        ]
        if host not in LOCAL_HOSTS and missing:
            print(f"Warning: others on the network can reach it without {' and '.join(missing)}.", flush=True)
        log_to(log)
        options = uvicorn.Config(
            server,
            # Its lines go where ours do. None is written for a request: it would tell who asked for what.
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Who asked, and how, is read from a named proxy's headers alone; see `ui.door.front`.
            proxy_headers=False,
            http=TimedProtocol,
            ssl_certfile=certificate,
            ssl_keyfile=str(key) if key else None,
            timeout_graceful_shutdown=3,
            ws_max_size=services.limits.frame_bytes + 1024,
            # A JPEG does not shrink, and what is not unpacked cannot swell.
            ws_per_message_deflate=False,
        )
        try:
            Server(options).run(sockets=[listening])
        except KeyboardInterrupt:
            pass
        finally:
            services.close()


def check_root_path(root_path: str) -> str:
    """Where a proxy serves the app, with a slash in front and none at the end: ``/kslr``, or ``https://example.org/kslr``.

    >>> [check_root_path(given) for given in ("kslr", "/kslr/", "/", "https://example.org/kslr/")]
    ['/kslr', '/kslr', '', 'https://example.org/kslr']

    Raises:
        InputError: it is neither a path nor a whole address.
    """
    scheme, mark, rest = root_path.strip().rpartition("://")
    parts = [part for part in rest.split("/") if part]
    host, names = (parts[:1], parts[1:]) if mark else ([], parts)
    plain = all(re.fullmatch(r"[\w.~%@+-]+", name) and name.strip(".") for name in names)
    known = not mark or (scheme in ("http", "https") and host and re.fullmatch(r"([\w.-]+|\[[\da-f:]+\])(:\d+)?", host[0]))
    if not (plain and known):
        text = f"--root-path {root_path!r} is no path. Give one such as /kslr, or an address such as https://example.org/kslr."
        raise InputError(text)
    return f"{scheme}{mark}{'/'.join(parts)}" if mark else "".join(f"/{part}" for part in parts)


@contextmanager
def stop_on_terminate() -> Iterator[None]:
    """Makes SIGTERM end the program as Ctrl+C does, so that its temporary files are deleted; its default ends it at once."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there can it be set
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_in_time(sig: int, folder: Path) -> None:
    """Ends the process soon after SIGTERM, also where a thread does not come back from a damaged file."""

    def end() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    if sig == signal.SIGTERM:
        timer = threading.Timer(END_SECONDS, end)
        timer.daemon = True
        timer.start()


def has_display() -> bool:
    """Whether a browser can show a window here; elsewhere Python would open a text browser in the terminal."""
    return not sys.platform.startswith("linux") or bool({"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys())


def listen(host: str, port: int) -> socket.socket:
    """A socket on the port, or on the next free one.

    Raises:
        InputError: twenty ports in a row are taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for candidate in range(port, port + (PORTS if port else 1)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name != "nt":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
            return listening
        except (OSError, OverflowError) as error:
            listening.close()
            reason = str(error)
    raise InputError(f"Cannot listen on {host}:{port} ({reason}). Choose another --host or --port.")
