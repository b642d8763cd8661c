"""One locked DuckDB connection per query: no network, no file but the ones handed over, UTC."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from infra.local.athena.json_macros import JSON_MACROS

MEMORY_SHARE = "35%"
"""Of the machine's memory, for what a query sorts and joins; beyond, it goes on in files. DuckDB
would take 80 %, and what the answer is printed with needs some, too."""

MACROS = (
    # A decimal's digits without the point: exact, where DuckDB's own casts would round.
    "athena_digits(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT)",
    "athena_half_up(n, d) AS n // d + CASE WHEN n % d >= d - n % d THEN 1 ELSE 0 END",
    # round_half_up(n * shift / d) by long division: only the remainder is multiplied, and DuckDB
    # raises an error where that leaves 128 bits.
    """athena_divide(n, d, shift) AS
        CASE WHEN (n < 0) = (d < 0) THEN 1 ELSE -1 END
        * (abs(n) // abs(d) * CAST(shift AS HUGEINT)
           + athena_half_up(abs(n) % abs(d) * CAST(shift AS HUGEINT), abs(d)))""",
    # Athena casts only whole numbers to integers; DuckDB would round '1.5' to 2.
    """athena_whole(x) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, '\\s*[+-]?[0-9]+\\s*') THEN x
             ELSE x || ' is not a whole number' END""",
    """athena_contains(a, x) AS
        CASE WHEN a IS NULL OR x IS NULL THEN NULL
             WHEN list_contains(a, x) THEN TRUE
             WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL
             ELSE FALSE END""",
    """athena_any(a, verdicts) AS
        CASE WHEN a IS NULL THEN NULL
             WHEN list_contains(verdicts, TRUE) THEN TRUE
             WHEN len(list_filter(verdicts, lambda v: v IS NULL)) > 0 THEN NULL
             ELSE FALSE END""",
    # Text that both engines read alike, or a text on which DuckDB's cast fails, too.
    """athena_read(x, pattern, what) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, pattern) THEN x
             ELSE x || ' is not ' || what END""",
    # For try_cast, whose NULL would be wrong for what Trino reads and DuckDB does not.
    """athena_try_read(x, pattern, what, doubtful) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, pattern) THEN x
             WHEN regexp_full_match(x, doubtful)
             THEN error(x || ' is not read as ' || what || ' locally')
             ELSE x || ' is not ' || what END""",
    """athena_fitting(x, size, strict) AS
        CASE WHEN length(x) <= size THEN x
             WHEN strict AND x IS NOT NULL
             THEN error(x || ' cannot be represented as varchar(' || size || ')') END""",
    *JSON_MACROS,
)


@contextmanager
def duckdb_session(files: Sequence[str]) -> Iterator[Any]:
    """Open a connection that can read `files` and nothing else, and close it afterwards.

    Closing matters: connections left in module globals print leak warnings at exit.
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
                + "".join(f"CREATE MACRO {macro};" for macro in MACROS)
                + "SET lock_configuration = true"
            )
            yield connection
        finally:
            connection.close()
