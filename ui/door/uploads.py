"""Files that browsers and programs send: the one route that takes them, and the folder where they lie.

It takes the place of Gradio's own, which names a file by its content, so that two people with one clip share it and each
deletes the other's; keeps what somebody who hung up has sent; and has no limit for one client or for all.
"""

import asyncio
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from ui.door.front import client_name
from ui.server.resources import Limits

MOST_FILES = 500  # in one request
MOST_AT_ONCE = 8  # requests of one client that send files
KEPT_SECONDS = 3600.0  # after which a file that nobody used is deleted
EMPTY_SECONDS = 60.0  # the same of an empty folder
FREE_BYTES = 500_000_000  # that stay free on the disk
LOOK_BYTES = 16_000_000  # between two looks at what is free
HEADER_BYTES = 8000  # of one header within a form
TOKEN = 16  # bytes of a name that nobody guesses


class TooMuch(Exception):
    """A client, or all of them together, sent more than fits."""


class Form(MultiPartParser):
    """A form whose headers are short; starlette's grow without a limit."""

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Takes a part of a header's value."""
        super().on_header_value(data, start, end)
        if len(self._current_partial_header_name) + len(self._current_partial_header_value) > HEADER_BYTES:
            raise MultiPartException("A header of the form is too long.")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Takes a part of a header's name."""
        super().on_header_field(data, start, end)
        if len(self._current_partial_header_name) > HEADER_BYTES:
            raise MultiPartException("A header of the form is too long.")


def upload_folder() -> Path:
    """Where uploaded files lie, each in a folder of its own whose name nobody can guess."""
    from gradio.utils import get_upload_folder

    return Path(get_upload_folder())


def plain_name(name: str) -> str:
    """The last part of a file's name, without what file systems or terminals read as more than a name.

    >>> plain_name("../../evil\\n.mp4"), plain_name("C:\\\\clips\\\\су 1.MP4"), plain_name("..")
    ('evil.mp4', 'су 1.MP4', 'file')
    """
    last = re.split(r"[/\\]", name)[-1]
    clean = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem, suffix = os.path.splitext(clean)
    return (stem.encode()[:100].decode(errors="ignore") + suffix[:10]) or "file"


class Uploads:
    """The files of one server that nobody has used up yet.

    Args:
        limits: of one file, one client and all.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._owners: dict[Path, tuple[str, int]] = {}  # folder → client, bytes
        self._arriving: dict[int, tuple[str, int]] = {}  # the same of what is on its way

    def held(self, client: str | None = None) -> int:
        """Bytes that are kept or on their way: of a client, or of all when None."""
        self._owners = {folder: owned for folder, owned in self._owners.items() if folder.exists()}
        return self._sum(client)

    def _sum(self, client: str | None = None) -> int:
        return sum(size for who, size in (*self._owners.values(), *self._arriving.values()) if client in (None, who))

    def _check_room(self, client: str, more: int = 0) -> None:
        """Refuses what does not fit, beside all that is on its way at the same time."""
        limits = self._limits
        if self._sum(client) + more > limits.client_megabytes * 1e6 or self._sum() + more > limits.all_megabytes * 1e6:
            raise TooMuch

    async def receive(self, request: Request) -> list[str]:
        """Takes the files of a form.

        Returns:
            Their paths.

        Raises:
            TooMuch: for one client, for all, or for the disk.
            MultiPartException: it is no form.
            ClientDisconnect: the client has gone; nothing is kept.
        """
        client, key = client_name(request.scope), secrets.randbits(64)
        if sum(who == client for who, _ in self._arriving.values()) >= MOST_AT_ONCE:
            raise TooMuch
        self._arriving[key] = client, 0
        self.held()  # forgets what was used up
        root = upload_folder()

        async def counted() -> AsyncGenerator[bytes, None]:
            size = looked = 0
            async for part in request.stream():
                size += len(part)
                self._arriving[key] = client, size
                self._check_room(client)
                if size - looked > LOOK_BYTES:
                    looked = size
                    _check_disk(root)
                yield part

        try:
            # What says that it is too much is not waited for.
            self._check_room(client, int(request.headers.get("content-length", "0")[:20]))
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            _check_disk(root)
            # Until it is whole, a file has no name on the disk, so that whatever ends this ends the file.
            form = await Form(request.headers, counted(), max_files=MOST_FILES, max_fields=100).parse()
            try:
                sent = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
                if any((one.size or 0) > self._limits.upload_megabytes * 1e6 for one in sent):
                    raise TooMuch
                return [await asyncio.to_thread(self._keep, root, one, client) for one in sent]
            finally:
                await form.close()
        finally:
            self._arriving.pop(key)

    def _keep(self, root: Path, sent: UploadFile, client: str) -> str:
        folder = root / secrets.token_hex(TOKEN)
        try:
            folder.mkdir(mode=0o700)
            path = folder / plain_name(sent.filename or "")
            with path.open("xb") as file:
                sent.file.seek(0)
                shutil.copyfileobj(sent.file, file, 1 << 20)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._owners[folder] = client, sent.size or 0
        return str(path)

    def expire(self, seconds: float = KEPT_SECONDS) -> None:
        """Deletes files that nobody used for so long, and the empty folders of those that were used."""
        root = upload_folder()
        for folder in root.iterdir() if root.is_dir() else ():
            with suppress(OSError):  # deleted meanwhile
                age = time.time() - folder.stat().st_mtime
                if folder.is_file():  # Gradio makes an empty one for every file that a program names
                    folder.unlink()
                elif age > seconds or (age > EMPTY_SECONDS and not any(folder.iterdir())):
                    shutil.rmtree(folder, ignore_errors=True)


def _check_disk(folder: Path) -> None:
    if shutil.disk_usage(folder).free < FREE_BYTES:
        raise TooMuch


def build_upload_router(uploads: Uploads) -> APIRouter:
    """The route ``/gradio_api/upload``, which answers as Gradio's does: the paths as a list."""
    routes = APIRouter()

    @routes.post("/gradio_api/upload")
    async def upload(request: Request) -> Any:
        try:
            return JSONResponse(await uploads.receive(request))
        except TooMuch:
            return PlainTextResponse("That is more than this server keeps for now.\n", 413, {"Connection": "close"})
        except MultiPartException as error:
            return PlainTextResponse(f"{error.message}\n", 400)
        except (KeyError, ValueError):
            return PlainTextResponse("That is no form with files.\n", 400)
        except ClientDisconnect:
            return Response(status_code=400)
        except OSError:
            return PlainTextResponse("The server's disk is full.\n", 507, {"Connection": "close"})

    return routes
