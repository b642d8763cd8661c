"""Unmodified PyAthena: its cursors' answers, as JSON."""

import json
import sys
from typing import Any

from pyathena import connect
from pyathena.cursor import DictCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor

OUTPUT = sys.argv[1]
COSTS = "select service_name, sum(billed_cost) as billed from charges group by 1 order by 1"
TYPED = (
    "select cast(1 as bigint) as whole, cast('1.50' as decimal(10,2)) as exact, 0.5e0 as floating, "
    "date '2026-01-31' as day, timestamp '2026-01-31 01:02:03.004' as moment, true as yes, "
    "'a,\"b\"' as said, cast(null as varchar) as nothing"
)


def main() -> None:
    """Ask by each cursor."""
    connection = connect(s3_staging_dir=f"{OUTPUT}/", schema_name="finops", poll_interval=0.1)
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        found["costs"] = cursor.execute(COSTS).fetchall()
        found["columns"] = [column[:2] for column in cursor.description or []]
        typed = cursor.execute(TYPED).fetchone()
        found["typed"] = [f"{type(value).__name__} {value}" for value in typed or ()]
        cursor.execute(
            "select count(*) from charges where charge_category = %(category)s",
            {"category": "Usage"},
        )
        found["asked"] = cursor.fetchone()
        cursor.execute(
            "select count(*) from charges where charge_category = ?",
            ["'Usage'"],
            paramstyle="qmark",
        )
        found["qmark"] = cursor.fetchone()
        found["scanned"] = cursor.data_scanned_in_bytes
        found["described"] = len(cursor.execute("describe charges").fetchall())
        found["made"] = cursor.execute("create or replace view seen as select 1 as a").fetchall()
        found["seen"] = cursor.execute("select a from seen").fetchall()
        try:
            cursor.execute("select nope from charges")
        except OperationalError as error:
            found["failed"] = str(error)
    with connection.cursor(DictCursor) as cursor:
        found["dictionary"] = cursor.execute(COSTS).fetchone()
    for name, unload in (("pandas", False), ("unload", True)):
        with connection.cursor(PandasCursor, unload=unload) as cursor:
            frame = cursor.execute(COSTS).as_pandas()
            found[name] = [list(row) for row in frame.itertuples(index=False)]
    connection.close()
    print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
