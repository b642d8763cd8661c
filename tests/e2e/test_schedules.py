"""Two days of schedules on a clock of their own: functions, Firehose and Athena do the work."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from infra.local.clock import ManualClock
from infra.wiring import start
from producers.sources import ChargeRow
from producers.sources.simulator import HourlyExport, Simulator
from tests import samples
from transforms.audit import audit

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
HOURS = 30
SUMMED = """
select s.built_at, s.period, s.events, sum(d.events) as shown
from summaries s inner join daily_costs d on d.charge_date = s.period
where s.summary = 'daily_costs' group by s.built_at, s.period, s.events order by s.period
"""


def test_scheduled_hours_are_queryable_to_the_last_digit(tmp_path: Path) -> None:
    """Every row of every hour, once; money equals the source's, rounded row by row."""
    parameters = {
        "SettleExpression": "cron(10 5 * * ? *)",
        "AuditExpression": "cron(40 0/6 * * ? *)",
        "SummariesExpression": "cron(25 0/6 * * ? *)",
    }
    clock = ManualClock(BEGIN)
    with start(tmp_path, clock=clock, parameters=parameters) as (aws, platform):
        aws.run_until(BEGIN + timedelta(hours=HOURS))
        aws.flush()
        (row,) = platform.query.rows("select count(*) as n, sum(billed_cost) as b from charges")
        report = audit(platform.query, platform.store)
        audits = platform.query.rows(
            "select audited_at, clean, events, late, gaps from audits order by audited_at"
        )
        statuses = platform.query.rows("select distinct status from deliveries")
        summed = platform.query.rows(SUMMED)
    simulator = Simulator(1, date(2026, 9, 1), 31)
    rows = [
        r
        for hour in range(1, HOURS + 1)
        for r in HourlyExport(simulator, BEGIN + timedelta(hours=hour)).rows()
    ]
    assert all(isinstance(r, ChargeRow) for r in rows)
    assert row["n"] == report.events == len(rows)
    assert row["b"] == samples.total([Decimal(r.charge["billed_cost"]) for r in rows])
    assert report.clean
    # The function audits what has been delivered by then: it finds each hour's rows, and no gap.
    assert [a["audited_at"][11:16] for a in audits] == ["00:40", "06:40", "12:40", "18:40", "00:40"]
    assert all(a["clean"] and not a["gaps"] and not a["late"] for a in audits)
    assert 0 == audits[0]["events"] < audits[1]["events"] < audits[-1]["events"] < len(rows)
    assert {s["status"] for s in statuses} == {"append"}
    # So does the function of the summaries: each day as it was at its last run, or when it last
    # changed.
    assert {s["built_at"][11:16] for s in summed} <= {"00:25", "04:00", "06:25", "12:25", "18:25"}
    assert summed[0]["period"] == "2026-09-01"
    assert all(s["events"] == s["shown"] > 0 for s in summed)
