"""The tables of the classroom history and how an older database becomes one of this version."""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from fusion.classroom.windows import Window
from kslr.core.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

LONGEST_NAME, LONGEST_MOMENT = 120, 200
# `end` is a word of SQL's.
COLUMNS = {name: f"{name}_seconds" if name == "end" else name for name in (field.name for field in fields(Window))}


def _first(tables: "MetaData") -> None:
    from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

    Table("sessions", tables, Column("id", String(32), primary_key=True), Column("name", String(LONGEST_NAME), nullable=False),
          Column("started", String(40), nullable=False), Column("beaten", String(40), nullable=False),
          Column("status", String(12), nullable=False), Column("owner", String(200), nullable=False),
          Column("k", Integer, nullable=False), Column("place", String(LONGEST_NAME), nullable=False))  # fmt: skip
    whole = {"least", "most"}
    figures = [Column(column, Integer if name in whole else Float, nullable=name not in ("start", "end", "rate"))
               for name, column in COLUMNS.items()]  # fmt: skip
    Table("windows", tables, Column("id", Integer, primary_key=True),
          Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True), *figures)  # fmt: skip


def _second(tables: "MetaData") -> None:
    from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

    Table("sessions", tables, Column("id", String(32), primary_key=True))
    Table("moments", tables, Column("id", Integer, primary_key=True),
          Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
          Column("seconds", Float, nullable=False), Column("text", String(LONGEST_MOMENT), nullable=False))  # fmt: skip


# Each makes the tables that its version adds; what is there already is left alone.
MIGRATIONS: tuple[Callable[["MetaData"], None], ...] = (_first, _second)


def migrate(connection: "Connection", migrations: tuple[Callable[["MetaData"], None], ...] = MIGRATIONS) -> None:
    """Brings a database from any earlier version to this one, one step after another.

    Raises:
        InputError: it is of a newer version.
    """
    from sqlalchemy import MetaData, text

    connection.execute(text("create table if not exists schema_version (version integer not null)"))
    version = connection.execute(text("select max(version) from schema_version")).scalar() or 0
    if version > len(migrations):
        raise InputError("The database was made by a newer KSLR. Install that version, or choose another database.")
    for number, change in enumerate(migrations[version:], version + 1):
        tables = MetaData()
        change(tables)
        tables.create_all(connection)
        connection.execute(text("insert into schema_version (version) values (:n)"), {"n": number})


def prepare_sqlite(connection: Any, _: object) -> None:
    """What every connection to SQLite begins with."""
    # What is deleted is overwritten, so that it cannot be read from the file's free pages.
    connection.execute("pragma secure_delete = on")
