from dataclasses import fields

from sqlalchemy import create_engine, inspect

from fusion.classroom.database import COLUMNS, VERSION, migrate
from fusion.classroom.windows import Window


def test_the_tables_have_no_room_for_anything_but_figures_of_groups():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
        tables = inspect(connection)
        columns = {
            table: {column["name"]: str(column["type"]) for column in tables.get_columns(table)}
            for table in tables.get_table_names()
        }
    assert set(columns) == {"sessions", "windows", "moments", "origins", "schema_version"}
    assert set(columns["windows"]) == {"id", "session", *COLUMNS.values()}
    assert not any("BLOB" in kind or "JSON" in kind for table in columns.values() for kind in table.values())
    assert {kind for name, kind in columns["windows"].items() if name != "session"} == {"INTEGER", "FLOAT"}


def test_every_figure_has_its_column():
    assert list(COLUMNS) == [field.name for field in fields(Window)]


def test_migrations_run_once():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for _ in range(2):
            migrate(connection)
        rows = connection.exec_driver_sql("select version from schema_version order by version").fetchall()
    assert [version for (version,) in rows] == [VERSION]
