"""Unmodified boto3: what the API answers, as JSON."""

import json
import sys
import time
from typing import Any

import boto3

OUTPUT = sys.argv[1]
athena = boto3.client("athena")


def run(sql: str, **request: Any) -> dict[str, Any]:
    """Run a statement to its end and return its execution."""
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": "finops"},
        ResultConfiguration={"OutputLocation": OUTPUT},
        **request,
    )
    for _ in range(600):
        got = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
        execution: dict[str, Any] = got["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return execution
        time.sleep(0.1)
    raise TimeoutError(sql)


def rows(sql: str, **request: Any) -> list[list[str | None]]:
    """Run a statement and return all its rows, by pages of 100."""
    execution = run(sql, **request)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    pages = athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=execution["QueryExecutionId"], PaginationConfig={"PageSize": 100}
    )
    found = [row for page in pages for row in page["ResultSet"]["Rows"]]
    return [[datum.get("VarCharValue") for datum in row["Data"]] for row in found]


def main() -> None:
    """Ask, define, write, fail."""
    found: dict[str, Any] = {
        "costs": rows(
            "select service_name, sum(billed_cost) as billed from charges group by 1 order by 1"
        ),
        "ids": len(rows("select delivery_id, ordinal from charges")),
        "asked": rows(
            "select count(*) as n from charges where charge_category = ?",
            ExecutionParameters=["'Usage'"],
        ),
        "tables": [row[0] for row in rows("show tables")],
    }
    rows("create database made")
    rows(f"create external table made.t (a int, b string) stored as parquet location '{OUTPUT}/t/'")
    rows("insert into made.t values (1, 'x'), (2, null)")
    found["inserted"] = rows("select a, b from made.t order by a")
    rows("prepare one from select a from made.t where a = ?")
    found["prepared"] = rows("execute one using 2")
    rows("drop database made cascade")
    failed = run("select nope from charges")["Status"]
    found["failed"] = [failed["State"], failed["StateChangeReason"], failed["AthenaError"]]
    print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
