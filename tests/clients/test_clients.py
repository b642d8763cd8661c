"""AWS clients as anybody has them, against `finops local up`: the answers are the source file's."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests import samples
from tests.clients.conftest import BUCKET, Clients


@pytest.fixture(scope="module")
def costs() -> dict[str, Decimal]:
    """Sum the source file by service, with nothing but csv and Decimal."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in samples.rows(samples.REAL):
        sums[row["ServiceName"]] += samples.stored(Decimal(row["BilledCost"]))
    return dict(sums)


def exact(rows: list[list[Any]]) -> dict[str, Decimal]:
    """Read (service, amount) rows."""
    return {service: Decimal(amount) for service, amount in rows}


def usage() -> int:
    """Count the rows of usage."""
    return sum(row["ChargeCategory"] == "Usage" for row in samples.rows(samples.REAL))


def test_boto3(clients: Clients, costs: dict[str, Decimal]) -> None:
    """Queries, pages, parameters, DDL, INSERT, prepared statements and errors."""
    found = clients.script("boto3")
    assert found["costs"][0] == ["service_name", "billed"]
    assert exact(found["costs"][1:]) == costs
    assert found["ids"] == len(samples.rows(samples.REAL)) + 1
    assert found["asked"] == [["n"], [str(usage())]]
    assert {"charges", "deliveries"} <= set(found["tables"])
    assert found["inserted"] == [["a", "b"], ["1", "x"], ["2", None]]
    assert found["prepared"] == [["a"], ["2"]]
    state, reason, error = found["failed"]
    assert (state, error["ErrorCategory"], error["Retryable"]) == ("FAILED", 2, False)
    assert reason.startswith("COLUMN_NOT_FOUND: Column 'nope' cannot be resolved")


def test_aws_cli(clients: Clients, costs: dict[str, Decimal]) -> None:
    """The command line: start, wait, results, the result file, saved queries, errors."""

    def aws(*arguments: str, fails: bool = False) -> Any:
        ended = clients.command("awscli", "aws", *arguments)
        assert (ended.returncode != 0) == fails, ended.stderr
        return ended.stderr if fails else json.loads(ended.stdout or "null")

    sql = "select service_name, sum(billed_cost) as billed from charges group by 1 order by 1"
    started = aws(
        *("athena", "start-query-execution", "--query-string", sql),
        *("--query-execution-context", "Database=finops"),
        *("--result-configuration", f"OutputLocation=s3://{BUCKET}/cli/"),
    )
    id_ = started["QueryExecutionId"]
    while True:
        got = aws("athena", "get-query-execution", "--query-execution-id", id_)["QueryExecution"]
        if got["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
    assert got["Statistics"]["DataScannedInBytes"] > 0
    results = aws("athena", "get-query-results", "--query-execution-id", id_)["ResultSet"]
    rows = [[datum.get("VarCharValue") for datum in row["Data"]] for row in results["Rows"]]
    assert exact(rows[1:]) == costs
    kinds = [column["Type"] for column in results["ResultSetMetadata"]["ColumnInfo"]]
    assert kinds == ["varchar", "decimal"]
    location = got["ResultConfiguration"]["OutputLocation"]
    file = clients.command("awscli", "aws", "s3", "cp", location, "-").stdout
    assert file.splitlines()[0] == '"service_name","billed"'
    named = ("--name", "costs", "--database", "finops", "--query-string", sql)
    kept = aws("athena", "create-named-query", *named)["NamedQueryId"]
    assert kept in aws("athena", "list-named-queries")["NamedQueryIds"]
    table = ("--catalog-name", "AwsDataCatalog", "--database-name", "finops")
    metadata = aws("athena", "get-table-metadata", *table, "--table-name", "charges")
    assert metadata["TableMetadata"]["TableType"] == "VIRTUAL_VIEW"
    said = aws("athena", "get-query-results", "--query-execution-id", "nope", fails=True)
    assert "InvalidRequestException" in said


def test_pyathena(clients: Clients, costs: dict[str, Decimal]) -> None:
    """Cursor, DictCursor and PandasCursor, with and without UNLOAD."""
    found = clients.script("pyathena")
    for name in ("costs", "pandas", "unload"):
        assert exact(found[name]) == costs, name
    assert found["columns"] == [["service_name", "varchar"], ["billed", "decimal"]]
    assert found["typed"] == [
        "int 1",
        "Decimal 1.50",
        "float 0.5",
        "date 2026-01-31",
        "datetime 2026-01-31 01:02:03.004000",
        "bool True",
        'str a,"b"',
        "NoneType None",
    ]
    assert found["asked"] == found["qmark"] == [usage()]
    assert found["scanned"] > 0
    assert found["described"] > 40
    assert (found["made"], found["seen"]) == ([], [[1]])
    assert found["failed"].startswith("COLUMN_NOT_FOUND")
    assert set(found["dictionary"]) == {"service_name", "billed"}


def test_awswrangler(clients: Clients, costs: dict[str, Decimal]) -> None:
    """Reading as it is, by CTAS and by UNLOAD; writing a table; chunks; the catalogue."""
    found = clients.script("awswrangler")
    for name in ("plain", "ctas", "unload"):
        assert exact(found[name]) == costs, name
    assert "charges" in found["tables"]
    assert found["written"] == [["1", "x", "u"], ["2", None, "u"]]
    assert found["chunks"] == len(samples.rows(samples.REAL))
    assert found["described"][:3] == ["a", "b", "day"]
    assert "COLUMN_NOT_FOUND" in found["failed"]
    assert found["left"] == []
