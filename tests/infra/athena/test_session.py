"""The lock on DuckDB itself, behind the whitelist: no other file, no network, no setting."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from infra.local.athena.session import duckdb_session
from tests.infra.athena.lakes import ROWS, write_items


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '{other}.csv'",
        "ATTACH '{other}.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{other}']",
    ],
)
def test_a_session_reaches_only_the_files_it_was_given(tmp_path: Path, sql: str) -> None:
    """A file beside the given one cannot be read or written, and the lock cannot be opened."""
    given = write_items(tmp_path, "2026-01-01", ROWS)
    other = write_items(tmp_path, "2026-01-02", ROWS)
    with duckdb_session([str(given)]) as connection:
        assert connection.sql(f"SELECT count(*) FROM read_parquet('{given}')").fetchall() == [(3,)]
        with pytest.raises(
            duckdb.Error, match=r"is disabled|disabled by configuration|has been locked"
        ):
            connection.execute(sql.format(other=other))


def test_importing_the_package_loads_no_engine() -> None:
    """DuckDB and sqlglot are imported by the first query, not by the import."""
    code = "import sys, infra.local.athena; print({'duckdb', 'sqlglot'} & set(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert output.stdout.strip() == "set()"
