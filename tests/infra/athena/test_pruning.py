"""A partition that cannot hold an answer is not opened; one that could is never skipped."""

from pathlib import Path

import pytest

from infra.local.athena import AthenaError, LocalAthena
from tests.infra.athena.lakes import ITEMS, ROWS, write_garbage, write_items

WANTED, GARBAGE = "2026-01-31", "2026-02-01"
VIEWS = {
    "plain": "SELECT i.day AS d, i.id FROM items i LEFT JOIN items_none n ON n.id = i.id",
    "items_none": "SELECT id FROM items WHERE day = '1999-01-01'",
    "latest": (
        "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY day, id ORDER BY at) AS n "
        "FROM items) AS t WHERE n = 1"
    ),
    "latest_over_all": (
        "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY day) AS n "
        "FROM items) AS t WHERE n = 1"
    ),
    "daily": "SELECT day, sum(cost) AS cost FROM items GROUP BY day",
    "per_id": "SELECT id, max(day) AS day FROM items GROUP BY id",
    "both": "SELECT day, id FROM items UNION ALL SELECT day, id + 1 FROM items",
    "first": "SELECT day, id FROM items ORDER BY id LIMIT 1",
    "rolled": "SELECT day, count(*) AS n FROM items GROUP BY ROLLUP (day)",
}

FROM_FIRST = "SELECT count(*) FROM (SELECT i.*, date '2026-02-05' AS first FROM items i) AS t WHERE"

# (query, files it opens out of the two of every scan); none of them may open the garbage
PRUNED: tuple[tuple[str, int], ...] = (
    ("SELECT count(*) FROM items WHERE day = '2026-01-31'", 1),
    ("SELECT count(*) FROM items WHERE '2026-01-31' = day", 1),
    ("SELECT count(*) FROM items WHERE day <> '2026-02-01' AND id > 0", 1),
    ("SELECT count(*) FROM items WHERE day < '2026-02-01'", 1),
    ("SELECT count(*) FROM items WHERE NOT (day >= '2026-02-01')", 1),
    ("SELECT count(*) FROM items WHERE day BETWEEN '2026-01-01' AND '2026-01-31'", 1),
    ("SELECT count(*) FROM items WHERE day IN ('2026-01-30', '2026-01-31')", 1),
    (
        "SELECT count(*) FROM items WHERE period = '2026-01' "
        "AND (day = 'x' OR day <= '2026-01-31')",
        1,
    ),
    ("SELECT count(*) FROM items WHERE period = '2026-03'", 0),
    ("SELECT count(*) FROM items a JOIN items b ON a.day = '2026-01-31' AND b.day < '2026-02'", 2),
    ("SELECT count(*) FROM plain WHERE d = '2026-01-31'", 1),
    ("SELECT count(*) FROM latest WHERE day = '2026-01-31'", 1),
    ("SELECT cost FROM daily WHERE day = '2026-01-31'", 1),
    ("SELECT count(*) FROM both WHERE day = '2026-01-31'", 2),
    ("WITH c AS (SELECT * FROM items) SELECT count(*) FROM c WHERE day = '2026-01-31'", 1),
    ("SELECT count(*) FROM (SELECT DISTINCT day FROM items) AS t WHERE day = '2026-01-31'", 1),
    (
        "SELECT count(*) FROM items CROSS JOIN UNNEST(labels) AS t(l) WHERE day = '2026-01-31'",
        1,
    ),
    ("SELECT (SELECT count(*) FROM items WHERE day = '2026-01-31')", 1),
    # Days counted from a literal, under a name or none.
    (
        "SELECT count(*) FROM items "
        "WHERE day < cast(date_add('day', 1, date '2026-01-31') AS varchar)",
        1,
    ),
    (f"{FROM_FIRST} day < cast(date_add('day', -4, first) AS varchar)", 1),
    (f"{FROM_FIRST} day < cast(date_trunc('month', first) AS varchar)", 1),
    (
        f"{FROM_FIRST} NOT (day >= cast(date_trunc('month', first) AS varchar) "
        "OR day > '2026-02-03')",
        1,
    ),
)

# each of these needs (or may need) the garbage
NOT_PRUNED = (
    "SELECT count(*) FROM items",
    "SELECT count(*) FROM items WHERE day = '2026-01-31' OR id = 1",
    "SELECT count(*) FROM items WHERE lower(day) = '2026-01-31'",
    "SELECT count(*) FROM items WHERE day LIKE '2026-01%'",
    "SELECT count(*) FROM items WHERE day = (SELECT '2026-01-31')",
    "SELECT count(*) FROM items a LEFT JOIN (SELECT 1 AS n) AS b ON a.day = '2026-01-31'",
    f"{FROM_FIRST} day <= cast(date_add('day', -4, first) AS varchar)",
    f"{FROM_FIRST} day < cast(date_add('day', id, first) AS varchar)",
    f"{FROM_FIRST} day < cast(date_add('month', -1, first) AS varchar) OR id = 1",
    "SELECT count(*) FROM latest_over_all WHERE day = '2026-01-31'",
    "SELECT count(*) FROM per_id WHERE day = '2026-01-31'",
    "SELECT count(*) FROM first WHERE day = '2026-01-31'",
    "SELECT count(*) FROM ((SELECT * FROM items) LIMIT 1) AS t WHERE day = '2026-01-31'",
    "SELECT count(*) FROM rolled WHERE day = '2026-01-31'",
    (
        "WITH c AS (SELECT * FROM items) "
        "SELECT count(*) FROM c JOIN c AS d ON true WHERE c.day = '2026-01-31'"
    ),
    (
        "WITH a AS (SELECT * FROM items) SELECT 1 FROM a, plain AS p "
        "WHERE EXISTS (SELECT 1 FROM items x WHERE p.d = '2026-01-31')"
    ),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lake with one good day and one day whose file cannot be read."""
    root: Path = tmp_path_factory.mktemp("lake")
    write_items(root, WANTED, ROWS)
    write_garbage(root, GARBAGE)
    return root


@pytest.mark.parametrize(("sql", "files"), PRUNED)
def test_a_partition_without_answers_is_not_opened(lake: Path, sql: str, files: int) -> None:
    """The query succeeds beside an unreadable file, and says how many files it opened."""
    assert LocalAthena(lake, (ITEMS,), VIEWS).query(sql).files_scanned == files


@pytest.mark.parametrize("sql", NOT_PRUNED)
def test_a_partition_that_may_matter_is_opened(lake: Path, sql: str) -> None:
    """Where skipping could change the answer, or Athena would not skip, the file is opened."""
    with pytest.raises(AthenaError, match="HIVE_BAD_DATA"):
        LocalAthena(lake, (ITEMS,), VIEWS).query(sql)
