"""The runbook rehearsed: a fault, its alarm, the monitor, the end of it, and a clean audit."""

from pathlib import Path

import pytest

from infra.aws.monitoring.facts import facts_of
from infra.aws.template import load_template
from infra.local.firehose import Fault, Kind
from tests import samples
from tests.e2e.rehearsal import RARELY, rehearsal

Printed = pytest.CaptureFixture[str]


def test_freshness(tmp_path: Path, capsys: Printed) -> None:
    """S3 is down for 20 minutes: puts fail, then all of it comes late, then all is well."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        on.aws.faults.add(Fault(Kind.S3_DOWN))
        on.send(samples.REAL)
        on.wait_for("delivery-success", "ALARM", within=20)
        on.wait(6)
        firing = on.firing()
        assert {"delivery-success", "backup-success"} <= set(firing)
        assert firing["delivery-success"]["runbook"].endswith("#delivery-success")
        _, seen = on.monitor()
        assert seen["stream"]["waiting_for_backup"] > 0
        assert seen["stream"]["delivery_success"] == 0
        on.aws.faults.clear()
        on.wait(2)
        firing = on.firing()
        assert {"delivery-freshness", "backup-freshness"} <= set(firing)
        assert "greater than the threshold (900)" in firing["delivery-freshness"]["reason"]
        on.wait(20)
        assert on.firing() == {}
        _, seen = on.monitor()
        assert seen["stream"]["waiting_for_backup"] == 0
        assert seen["stream"]["freshness"]["value"] > 900
        assert on.audit().clean


def test_throttled(tmp_path: Path, capsys: Printed) -> None:
    """Half of the records are refused at first; the producer sends exactly those again."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        on.wait(2)
        fault = on.aws.faults.add(Fault(Kind.THROTTLE, rate=0.5, seed=7))
        on.send(samples.REAL)
        on.wait(1)
        firing = on.firing()
        assert set(firing) == {"throttled-records"}
        _, seen = on.monitor()
        assert seen["stream"]["throttled"] > 0
        assert {r["name"] for r in seen["stream"]["rates"]} == {"bytes", "records", "requests"}
        assert all(r["limit"] > r["per_second"] > 0 for r in seen["stream"]["rates"])
        assert fault
        on.aws.faults.clear()
        on.wait(8)
        assert on.firing() == {}
        assert on.audit().clean


def test_transform_errors(tmp_path: Path, capsys: Printed) -> None:
    """The transform fails: records come to errors/, settle waits, and a resend repairs it."""
    with rehearsal(tmp_path, capsys) as on:
        on.wait(2)
        on.aws.faults.add(Fault(Kind.LAMBDA_ERROR))
        on.send(samples.REAL)
        on.wait(6)
        on.send(samples.GENERATED)
        on.wait_for("processing-success", "ALARM", within=15)
        assert on.firing()["processing-success"]["runbook"].endswith("#processing-success")
        on.wait_for("error-objects", "ALARM", within=15)
        assert "error-objects" in on.firing()
        _, seen = on.monitor()
        (error,) = seen["errors"]
        assert error["type"] == "processing-failed"
        assert error["reasons"][0]["reason"] == "Lambda.FunctionError"
        on.aws.faults.clear()
        for file in (samples.REAL, samples.GENERATED):
            code, out = on.finops("ingest", str(file), "--resend")
            assert code == 0, out
        on.wait_for("error-objects", "OK", within=100)
        assert on.firing() == {}
        _, seen = on.monitor()
        assert seen["deliveries"]["waiting"] == []
        assert on.audit().clean


def test_failed_conversion(tmp_path: Path, capsys: Printed) -> None:
    """Somebody changes the table by hand; deploying it again and a resend repair it."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        glue = on.platform.client("glue")
        database = on.platform.names.database
        table = glue.get_table(DatabaseName=database, Name="lake_rows")["Table"]
        right = {k: table[k] for k in ("Name", "StorageDescriptor", "TableType", "Parameters")}
        storage = right["StorageDescriptor"]
        columns = [
            {**c, "Type": "boolean" if c["Name"] == "ordinal" else c["Type"]}
            for c in storage["Columns"]
        ]
        wrong = {**right, "StorageDescriptor": {**storage, "Columns": columns}}
        glue.update_table(DatabaseName=database, TableInput=wrong)
        on.send(samples.REAL)
        on.wait_for("failed-conversion", "ALARM", within=15)
        _, seen = on.monitor()
        assert {e["type"] for e in seen["errors"]} == {"format-conversion-failed"}
        assert "failed-conversion" in on.firing()
        glue.update_table(DatabaseName=database, TableInput=right)
        code, out = on.finops("ingest", str(samples.REAL), "--resend")
        assert code == 0, out
        on.wait(20)
        assert on.firing() == {}
        assert on.audit().clean


@pytest.mark.skipif(
    not facts_of(load_template()).audits, reason="the template has no audit function"
)
def test_audit_gap(tmp_path: Path, capsys: Printed) -> None:
    """Somebody deletes a file of rows: the hourly audit misses them, and a resend repairs it."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        code, out = on.finops("ingest", str(samples.REAL))
        assert code == 0, out
        on.wait(60)
        assert on.states()["audit-gaps"] == "OK"
        _, seen = on.monitor()
        assert seen["audit"]["clean"] is True
        store = on.platform.store
        gone = next(i.key for i in store.list("processed/charges/") if "charge_date=2024" in i.key)
        store.delete(gone)
        on.wait_for("audit-gaps", "ALARM", within=62)
        firing = on.firing()
        assert firing["audit-gaps"]["runbook"].endswith("#audit-gaps")
        _, seen = on.monitor()
        assert (seen["audit"]["clean"], seen["audit"]["gaps"]) == (False, 1)
        code, out = on.finops("ingest", str(samples.REAL), "--resend")
        assert code == 0, out
        on.wait_for("audit-gaps", "OK", within=125)
        assert on.firing() == {}
        _, seen = on.monitor()
        assert seen["audit"]["clean"] is True
        assert on.audit().clean


def test_missed_schedule(tmp_path: Path, capsys: Printed) -> None:
    """Somebody disables the hourly ingest; two hours later it is missed, until it runs again."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        on.wait(120)
        assert on.states()["ingest-missed"] == "OK"
        assert on.states()["baseline-missed"] == "INSUFFICIENT_DATA"
        scheduler = on.platform.client("scheduler")
        schedule = scheduler.get_schedule(Name="finops-ingest")
        kept = {
            k: schedule[k] for k in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        }
        scheduler.update_schedule(**kept, State="DISABLED")
        on.wait(110)
        assert on.firing() == {}
        on.wait(15)
        assert set(on.firing()) == {"ingest-missed"}
        on.wait(240)
        assert set(on.firing()) == {"ingest-missed"}
        scheduler.update_schedule(**kept, State="ENABLED")
        on.wait(65)
        assert on.firing() == {}
        assert on.audit().clean
