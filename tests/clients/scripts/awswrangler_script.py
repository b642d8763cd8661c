"""Unmodified awswrangler: its three ways to read, and its way to write, as JSON."""

import json
import sys
from typing import Any

import awswrangler as wr
import pandas as pd

OUTPUT = sys.argv[1]
COSTS = "select service_name, sum(billed_cost) as billed from charges group by 1 order by 1"
NESTED = "select map(array['a'], array[1]) as m, array[1, 2] as l from charges limit 1"
MODES: dict[str, dict[str, Any]] = {
    "plain": {"ctas_approach": False},
    "ctas": {"ctas_approach": True},
    "unload": {"ctas_approach": False, "unload_approach": True},
}


def read(sql: str, name: str, folder: str = "") -> list[list[Any]]:
    """Read a query in one of the modes; UNLOAD wants a folder that is empty."""
    frame = wr.athena.read_sql_query(
        sql, database="finops", s3_output=f"{OUTPUT}/{folder or name}/", **MODES[name]
    )
    return [list(row) for row in frame.itertuples(index=False)]


def main() -> None:
    """Read in each mode, write a table, ask the catalogue."""
    found: dict[str, Any] = {name: read(COSTS, name) for name in MODES}
    found["nested"] = {name: read(NESTED, name, f"{name}-nested") for name in ("ctas", "unload")}
    found["tables"] = wr.catalog.tables(database="finops")["Table"].tolist()
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "day": ["u", "u", "v"]})
    wr.s3.to_parquet(
        frame,
        path=f"{OUTPUT}/written/",
        dataset=True,
        database="finops",
        table="written",
        partition_cols=["day"],
    )
    found["written"] = [
        [None if pd.isna(value) else str(value) for value in row]
        for row in wr.athena.read_sql_query(
            "select a, b, day from written where day = :day order by a",
            database="finops",
            params={"day": "u"},
            ctas_approach=False,
            s3_output=f"{OUTPUT}/plain/",
        ).itertuples(index=False)
    ]
    chunks = wr.athena.read_sql_query(
        "select ordinal from charges",
        database="finops",
        ctas_approach=False,
        chunksize=100,
        s3_output=f"{OUTPUT}/plain/",
    )
    found["chunks"] = sum(len(chunk) for chunk in chunks)
    described = wr.athena.describe_table("written", database="finops", s3_output=f"{OUTPUT}/d/")
    found["described"] = described["Column Name"].tolist()
    try:
        read("select nope from charges", "plain")
    except wr.exceptions.QueryFailed as error:
        found["failed"] = str(error)
    found["left"] = [t for t in wr.catalog.tables(database="finops")["Table"] if "temp" in t]
    print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
