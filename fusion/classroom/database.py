"""The database of the classroom history: its address, its tables, and how an older one is brought up to date."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Float, ForeignKey, Integer, MetaData, String, Table, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from fusion.classroom.windows import Window
from kslr.core.errors import InputError
from kslr.core.files import data_folder, one_line

LONGEST_NAME, LONGEST_MOMENT = 120, 200
# `end` is a word of SQL's.
COLUMNS = {name: f"{name}_seconds" if name == "end" else name for name in (field.name for field in fields(Window))}
WHOLE, ALWAYS = ("least", "most"), ("start", "end", "rate")

VERSION = 3  # 1 had no moments, 2 no origins
TABLES = MetaData()
Table(
    "sessions",
    TABLES,
    Column("id", String(32), primary_key=True),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("started", String(40), nullable=False),
    Column("beaten", String(40), nullable=False),
    Column("status", String(12), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("k", Integer, nullable=False),
    Column("place", String(LONGEST_NAME), nullable=False),
)
Table(
    "windows",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    *(Column(column, Integer if name in WHOLE else Float, nullable=name not in ALWAYS) for name, column in COLUMNS.items()),
)
Table(
    "moments",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("seconds", Float, nullable=False),
    Column("text", String(LONGEST_MOMENT), nullable=False),
)
Table(
    "origins",
    TABLES,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("version", String(60), nullable=False),
    Column("emotion", String(200), nullable=False),
    Column("emotion_sha256", String(64), nullable=False),
)


def default_url() -> str:
    """The database where none is given: ``KSLR_DATABASE``, else a file in `kslr.core.files.data_folder`."""
    return os.environ.get("KSLR_DATABASE") or f"sqlite:///{data_folder() / 'classroom.db'}"


def database_files(address: str | None) -> list[str]:
    """The file that an address names (`default_url` where None), for checks that nothing else replaces it; none on a server.

    >>> database_files("sqlite:///class.db"), database_files("postgresql://school/kslr")
    (['class.db'], [])
    """
    try:
        url = make_url(address or default_url())
    except (ArgumentError, InputError):
        return []  # `open_database` tells what is wrong with it.
    return [url.database] if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:" else []


def open_database(address: str) -> Engine:
    """Opens a database and brings it up to date.

    Args:
        address: a SQLAlchemy URL.

    Raises:
        InputError: no such database, no driver for it, or one of a newer version.
    """
    try:
        url = make_url(address)
        options: dict[str, Any] = {}
        if url.get_backend_name() == "sqlite":
            options["connect_args"] = {"check_same_thread": False, "timeout": 15}
            if not url.database or url.database == ":memory:":
                options["poolclass"] = StaticPool
            else:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, **options)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise InputError("That is not a database address. Write a SQLAlchemy URL, such as sqlite:///class.db.") from error
    except OSError as error:
        raise InputError(f"The folder of the database cannot be made ({error.strerror}). Choose another place.") from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except (SQLAlchemyError, UnicodeError, TypeError) as error:
        engine.dispose()
        # Not the driver's own message, which may hold a password.
        raise InputError(
            f"The database {url.render_as_string()} cannot be opened. Check the address and that it runs."
        ) from error
    except InputError:
        engine.dispose()
        raise
    return engine


def migrate(connection: Connection) -> None:
    """Brings a database from any earlier version to this one.

    Raises:
        InputError: it is of a newer version.
    """
    connection.execute(text("create table if not exists schema_version (version integer not null)"))
    version = connection.execute(text("select max(version) from schema_version")).scalar() or 0
    if version > VERSION:
        raise InputError("The database was made by a newer KSLR. Install that version, or choose another database.")
    if version < VERSION:
        # Every version so far has only added tables; those that are there are left alone.
        TABLES.create_all(connection)
        connection.execute(text("insert into schema_version (version) values (:version)"), {"version": VERSION})


def prepare_sqlite(connection: Any, _: object) -> None:
    """What every connection to SQLite begins with."""
    # What is deleted is overwritten, so that it cannot be read from the file's free pages.
    connection.execute("pragma secure_delete = on")


def clean_text(text: str, longest: int) -> str:
    """A name or note as one line without control characters.

    Raises:
        InputError: it is too long.
    """
    cleaned = one_line(str(text))
    if len(cleaned) > longest:
        raise InputError(f"That text is too long; at most {longest} letters.")
    return cleaned
