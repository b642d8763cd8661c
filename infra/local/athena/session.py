"""One locked DuckDB connection per query: no network, no file but the ones handed over, UTC."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from infra.local.athena.macros import used_macros

MEMORY_SHARE = "35%"
"""Of the machine's memory, for what a query sorts and joins; beyond, it goes on in files. DuckDB
would take 80 %, and what the answer is printed with needs some, too."""


@contextmanager
def duckdb_session(files: Sequence[str], sql: str = "") -> Iterator[Any]:
    """Open a connection that can read `files` and nothing else, and close it afterwards.

    Closing matters: connections left in module globals print leak warnings at exit.

    Args:
        files: their paths.
        sql: what will be asked; the functions of ours that it names are made.
    """
    import duckdb

    with TemporaryDirectory(prefix="finops-query-") as scratch:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "memory_limit": MEMORY_SHARE,
                "temp_directory": scratch,
            },
        )
        try:
            paths = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            connection.execute(
                f"SET TimeZone = 'UTC'; SET allowed_paths = [{paths}]; "
                "SET enable_external_access = false;"
                + "".join(f"CREATE MACRO {macro};" for macro in used_macros(sql))
                + "SET lock_configuration = true"
            )
            yield connection
        finally:
            connection.close()
