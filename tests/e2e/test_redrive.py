"""What failed goes back when its cause is repaired: one redrive brings the audit to zero."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.aws.template import load_template
from infra.commands.redrive import redrive
from infra.ingesting import run_ingest
from infra.redriving import Chosen
from infra.wiring import Platform, start
from producers.ingest import Options
from producers.sources import ChargeRow
from schemas.codec import ChargeEncoder, compress
from schemas.events import ChargeEnvelope
from schemas.lake import ERRORS, POLICIES, RAW
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.e2e.test_deliveries import answer, transport_of
from tests.sources import file_source, rows_of
from transforms.audit import audit

EVENTS = len(samples.rows(samples.REAL))
BILLED = samples.sums(samples.REAL)["USD", "BilledCost"]


def expect_whole(lake: Lake, finops: Finops) -> None:
    """Every event of the sample once, its money exact, and nothing that is only in errors/."""
    report = finops("audit", "--json")
    assert report.code == 0
    assert (report.json["events"], report.json["failed_events"]) == (EVENTS, 0)
    assert Decimal(report.json["billed"]["USD"]) == BILLED
    (row,) = lake.rows("select count(*) as n, sum(billed_cost) as b from charges")
    assert row["n"] == EVENTS
    assert row["b"] == sum(
        samples.stored(Decimal(r["BilledCost"])) for r in samples.rows(samples.REAL)
    )


def test_after_a_repair_one_redrive_brings_everything(finops: Finops, lake: Lake) -> None:
    """A damaged policy fails every record; nothing goes back before it is repaired, and then all.

    A second redrive sends nothing, and a dry run neither sends nor marks.
    """
    platform = lake.started()[1]
    platform.activate_first_evaluation()
    (policy,) = platform.store.list(POLICIES)
    good = platform.store.get(policy.key)
    platform.store.put(policy.key, b"{")
    lake.ingest(samples.REAL)
    assert lake.audit().failed_events == EVENTS
    assert lake.audit().failed_by_type == {"processing-failed": EVENTS}
    assert answer(lake) == []
    refused = finops("redrive")
    assert (refused.code, policy.key in refused.err) == (2, True)
    platform.store.put(policy.key, good)
    told = finops("redrive", "--dry-run", "--json")
    assert (told.code, told.json["put_events"]) == (0, EVENTS)
    assert lake.audit().failed_events == EVENTS
    assert finops("redrive", "--type", "conversion", "--json").json["put_events"] == 0
    done = finops("redrive", "--json")
    assert done.code == 0
    assert (done.json["put_events"], done.json["rounds"]) == (EVENTS, {"1": done.json["put_lines"]})
    expect_whole(lake, finops)
    raw = sum(info.size for info in platform.store.list(RAW))
    again = finops("redrive", "--json")
    assert (again.json["put_records"], again.json["marked"]) == (0, done.json["put_lines"])
    assert sum(info.size for info in platform.store.list(RAW)) == raw
    assert all(s["status"] == "active" for s in finops("deliveries", "--json").json)
    assert finops("quarantine", "list", "--json").json == []
    assert "nothing is in quarantine; " in finops("quarantine", "list").out
    listed = finops("quarantine", "list", "--all", "--json").json
    assert len(listed) == done.json["put_lines"]


def test_what_never_gets_well_stops_after_three_rounds(finops: Finops, lake: Lake) -> None:
    """Poison is listed with its money and the next step, and goes back only on request."""
    platform = lake.started()[1]
    bad = one_record(2, billed_cost="not a number")
    transport_of(platform).put_record_batch([bad, b"foreign"])
    codes = [finops("redrive", "--json") for _ in range(4)]
    assert [c.json["put_events"] for c in codes] == [2, 2, 2, 0]
    last = codes[-1]
    assert last.code == 1
    by_reason = {p["reason"]: p for p in last.json["poison"]}
    assert set(by_reason) == {"bad-gzip", "Lambda.ProcessingFailedStatus"}
    stuck = [p for p in last.json["poison"] if p["events"]]
    assert {p["rounds"] for p in stuck} == {3}
    assert all(p["next"] for p in last.json["poison"])
    assert finops("audit").code == 0, "they are accounted for: in raw/ and in errors/"
    assert finops("redrive", "--poison", "--json").json["put_events"] == 2
    assert "not put back" in finops("redrive").out
    waiting = {e["id"] for e in finops("quarantine", "list", "--json").json}
    assert waiting == {p["id"] for p in finops("redrive", "--json").json["poison"]}


def test_one_bad_event_does_not_keep_the_others(finops: Finops, lake: Lake) -> None:
    """Of a record that fails because of one event, the others arrive."""
    platform = lake.started()[1]
    record = one_record(50, last={"billed_cost": "1e"})
    transport_of(platform).put_record_batch([record])
    done = finops("redrive", "--json")
    assert (done.json["put_events"], done.json["split_lines"]) == (50, 1)
    (row,) = lake.rows("select count(*) as n, max(ordinal) as last from charges_stored")
    assert (row["n"], row["last"]) == (49, 48)
    report = finops("audit", "--json")
    assert (report.code, report.json["failed_events"]) == (0, 1)


def test_a_record_whose_answer_is_too_large_goes_in_several(finops: Finops, lake: Lake) -> None:
    """The same ids in records that fit; nothing twice, money exact."""
    many = 3_500
    platform = lake.started()[1]
    transport_of(platform).put_record_batch([one_record(many, billed_cost="1.000000000001")])
    platform.flush()
    assert lake.audit().failed_events == many
    done = finops("redrive", "--json")
    assert done.code == 0
    assert (done.json["put_events"], done.json["put_lines"]) == (many, 1)
    assert done.json["put_records"] > 1
    (row,) = lake.rows(
        "select count(*) as n, count(distinct ordinal) as d, sum(billed_cost) as b from charges"
    )
    assert (row["n"], row["d"], row["b"]) == (many, many, many * Decimal("1.000000000001"))
    report = finops("audit", "--json")
    assert (report.code, report.json["events"], report.json["failed_events"]) == (0, many, 0)


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[tuple[Platform, Path]]:
    """Our template with a transform that breaks while a file is there."""
    flag = tmp_path / "broken"
    template = copy.deepcopy(load_template())
    template["Resources"]["TransformFunction"]["Properties"] |= {
        "Handler": "tests.e2e.breaking_handler.handler",
        "Environment": {"Variables": {"BREAK_FILE": str(flag)}},
    }
    with start(tmp_path / "finops", template=template) as (_, platform):
        yield platform, flag


def test_where_firehose_kept_the_answer_the_original_comes_from_raw(
    breakable: tuple[Platform, Path],
) -> None:
    """Conversion failures hold rows; what goes back is the record as it was put."""
    platform, flag = breakable
    flag.touch()
    run_ingest(platform, file_source(samples.REAL, None), Options(max_rejected=1.0))
    failed = audit(platform.query, platform.store)
    assert failed.clean
    assert set(failed.failed_by_type) == {"format-conversion-failed"}
    assert 0 < failed.failed_events < EVENTS
    assert {info.key.split("/")[1] for info in platform.store.list(ERRORS)} == {
        "format-conversion-failed"
    }
    flag.unlink()
    done = redrive(platform, Chosen(kind="conversion"))
    assert done.clean
    assert (done.put_events, done.split_lines) == (failed.failed_events, 0)
    report = audit(platform.query, platform.store)
    assert (report.clean, report.events, report.failed_events) == (True, EVENTS, 0)
    assert Decimal(report.billed["USD"]) == BILLED
    assert all(
        row["status"] == "active" for row in platform.query.rows("select status from deliveries")
    )


def one_record(events: int, last: dict[str, Any] | None = None, **columns: str) -> bytes:
    """Return one record of so many events, each like the first of the sample.

    Args:
        events: how many.
        last: columns of the last event.
        columns: columns of all.
    """
    row = next(r for r in rows_of(file_source(samples.REAL)) if isinstance(r, ChargeRow))
    encoder = ChargeEncoder()
    envelope = ChargeEnvelope(
        delivery_id="handmade",
        delivery_mode="append",
        source="focus",
        mapper_version="1",
        billing_period=row.scope.billing_period,
        charge_date=row.charge_date,
    )
    charges = [{**row.charge, **columns, "ordinal": n} for n in range(events)]
    charges[-1] |= last or {}
    return compress(encoder.message(envelope, [encoder.event(charge) for charge in charges]))
