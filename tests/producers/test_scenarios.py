"""Ingests, retries and settles in awkward orders: nothing twice, nothing lost, nothing unasked."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from producers import quarantine
from producers.decision import OnConflict, ScopeHeldError
from producers.errors import SpoolLostError
from producers.identity import ingest_id
from producers.sources import Source
from producers.spool import StoreSpool
from tests.exports import LegacyReport, Rows, charge, csv_bytes
from tests.memory_lake import MemoryLake, dies_at, ids, only_source

OLDER, NEWER = 1_789_000_000, 1_789_900_000
GOOD = charge("2026-09-01", "10", ResourceId="r-1")
BAD = charge("2026-09-01", "5", ResourceId="r-bad", BillingCurrency="")
OTHER_DAY = charge("2026-09-02", "7", ResourceId="r-2")

Export = Callable[[str, Rows, int], Source]


@pytest.fixture
def lake() -> MemoryLake:
    return MemoryLake()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Return what writes an assembly of one report, and what it is read as."""
    report = LegacyReport(tmp_path / "export")

    def assemble(name: str, rows: Rows, seconds: int) -> Source:
        report.assemble("2026-09", name, [rows], seconds)
        return only_source(report.folder)

    return assemble


def file(folder: Path, name: str, *rows: dict[str, str]) -> Source:
    """Write a folder with one file, an instance of its own."""
    (folder / name).mkdir()
    (folder / name / "bill.csv").write_bytes(csv_bytes(rows))
    return only_source(folder / name)


def test_a_bad_row_of_an_unchanged_day_is_delivered_once(lake: MemoryLake, export: Export) -> None:
    """It is in quarantine twice, once for each assembly; the day is shown for the newer."""
    for name, cost, seconds in (("a", "7", OLDER), ("b", "8", NEWER)):
        lake.ingest(export(name, [GOOD, BAD, {**OTHER_DAY, "BilledCost": cost}], seconds))
        lake.settle()
    report = lake.retry(BillingCurrency="USD")
    lake.settle()
    assert report.delivered == 1
    assert report.remaining == {"held-by-newer-delivery": 1}
    assert lake.shown() == (3, Decimal(23))


def test_a_resend_after_that_shows_the_day_no_second_time(lake: MemoryLake, export: Export) -> None:
    """The rows of the day stay with the older assembly, the retried one with the newer."""
    lake.ingest(export("a", [GOOD, OTHER_DAY], OLDER))
    lake.settle()
    newer = export("b", [GOOD, BAD, {**OTHER_DAY, "BilledCost": "8"}], NEWER)
    lake.ingest(newer)
    lake.settle()
    lake.retry(BillingCurrency="USD")
    lake.settle()
    assert lake.shown() == (3, Decimal(23))
    lake.ingest(newer, resend=True)
    lake.settle()
    assert lake.shown() == (3, Decimal(23))


def test_a_retry_killed_before_it_emptied_quarantine_promises_nothing_twice(
    lake: MemoryLake, export: Export
) -> None:
    """The receipt remembers which rows came; the same command again only cleans up."""
    (delivery,) = ids(lake.ingest(export("a", [GOOD, BAD], OLDER)))
    (key,) = quarantine.keys(lake.store)
    before = lake.store.get(key)
    lake.retry(BillingCurrency="USD")
    lake.store.put(key, before)
    again = lake.retry(BillingCurrency="USD")
    assert (again.delivered, again.deliveries) == (1, [])
    assert quarantine.keys(lake.store) == []
    status = lake.settle().of(delivery)
    assert status is not None
    assert (status.status, status.detail, status.stored) == ("active", "", 2)


def test_a_failed_retry_leaves_the_reason_that_the_row_is_counted_under(
    lake: MemoryLake, export: Export
) -> None:
    """Another try may fail otherwise; the delivery's rejected rows come to nothing in the end."""
    lake.ingest(export("a", [GOOD, BAD], OLDER))
    assert lake.retry(BillingCurrency="XXQ").remaining == {"unknown-currency": 1}
    assert [row.reason for row in quarantine.read(lake.store)] == ["missing-value"]
    lake.retry(BillingCurrency="USD")
    (newest,) = [a for a in lake.rows("assertions") if a["revision"] == 1]
    assert (newest["rejected"], newest["events"]) == ("[]", 2)


def test_a_retry_does_not_enter_a_scope_that_something_else_holds(
    lake: MemoryLake, export: Export, tmp_path: Path
) -> None:
    """All rows of a file were rejected, so nobody was asked; now somebody has to be."""
    lake.ingest(export("a", [GOOD], OLDER))
    lake.ingest(file(tmp_path, "other", BAD), max_rejected=1.0)
    lake.settle()
    assert lake.retry(BillingCurrency="USD").remaining == {"scope-held": 1}
    lake.settle()
    assert lake.shown() == (1, Decimal(10))


def test_a_delivery_that_was_never_completed_does_not_block_the_others(
    lake: MemoryLake, export: Export
) -> None:
    """Its rows stay, and say why."""
    with pytest.raises(KeyboardInterrupt):
        lake.ingest(export("a", [GOOD, BAD], OLDER), dies_at("claim"))
    lake.ingest(export("b", [GOOD, BAD], NEWER))
    report = lake.retry(BillingCurrency="USD")
    assert report.delivered == 1
    assert report.remaining == {"delivery-not-completed": 1}


def test_two_files_for_one_scope_at_once_do_not_both_count(
    lake: MemoryLake, tmp_path: Path
) -> None:
    """The second comes while the first one sends: the first looks again, and is refused."""
    first, second = file(tmp_path, "first", GOOD), file(tmp_path, "second", OTHER_DAY)

    def meanwhile(step: str) -> None:
        if step == "quarantine":
            lake.ingest(second)

    with pytest.raises(ScopeHeldError):
        lake.ingest(first, meanwhile)
    lake.settle()
    assert lake.shown() == (1, Decimal(7))
    lake.ingest(first, on_conflict=OnConflict.REPLACE)
    lake.settle()
    assert lake.shown() == (1, Decimal(10))


def test_reports_of_one_name_from_two_accounts_are_two(lake: MemoryLake, tmp_path: Path) -> None:
    """Both are of the payer's month: the second is refused, not taken for the first one's next."""
    sources = []
    for account in ("1", "2"):
        report = LegacyReport(tmp_path / account, "daily", account=account)
        report.assemble("2026-09", f"a-{account}", [[GOOD]], OLDER)
        sources.append(only_source(report.folder))
    lake.ingest(sources[0])
    with pytest.raises(ScopeHeldError):
        lake.ingest(sources[1])


def test_a_spool_whose_chunks_are_gone_is_read_again(lake: MemoryLake, export: Export) -> None:
    """A checkpoint without its chunks is forgotten, so that the next run begins anew."""
    source = export("a", [GOOD], OLDER)
    with pytest.raises(KeyboardInterrupt):
        lake.ingest(source, dies_at("send"))
    for info in list(lake.store.list("spool/")):
        if "records-" in info.key:
            lake.store.delete(info.key)
    with pytest.raises(SpoolLostError):
        lake.ingest(source)
    lake.ingest(source)
    lake.settle()
    assert lake.shown() == (1, Decimal(10))


def test_a_word_that_was_claimed_and_not_said_is_said(lake: MemoryLake, tmp_path: Path) -> None:
    """`--replace`, killed between claim and completion, then begun anew."""
    first, second = file(tmp_path, "first", GOOD), file(tmp_path, "second", OTHER_DAY)
    lake.ingest(first)
    lake.ingest(second, on_conflict=OnConflict.REPLACE)
    with pytest.raises(KeyboardInterrupt):
        lake.ingest(first, dies_at("complete"), on_conflict=OnConflict.REPLACE)
    StoreSpool(lake.store, ingest_id(first)).clear()
    lake.ingest(first, on_conflict=OnConflict.REPLACE)
    lake.settle()
    assert lake.shown() == (1, Decimal(10))


def test_nobody_builds_on_a_day_that_was_accepted_as_it_is(
    lake: MemoryLake, export: Export
) -> None:
    """Rows of a day were lost, and a person accepted that: the next assembly brings them again."""
    sent = lake.transport.accepted
    (delivery,) = ids(lake.ingest(export("a", [GOOD, OTHER_DAY], OLDER)))
    del sent[0]
    assert lake.settle(delivery).became_active == [delivery]
    lost = lake.shown()
    assert lost[0] == 1
    lake.ingest(export("b", [GOOD, OTHER_DAY], NEWER))
    lake.settle()
    assert lake.shown() == (2, Decimal(17))


def test_a_delivery_without_events_costs_a_settle_nothing(lake: MemoryLake, export: Export) -> None:
    """Rows of no scope make an empty delivery: nothing is counted for it, on no partition."""
    nowhere = charge("2026-09-01", "1", BillingAccountId="")
    lake.ingest(export("a", [GOOD, nowhere], OLDER))
    lake.settle()
    lake.asked.clear()
    lake.settle(only_waiting=True)
    assert not [sql for sql in lake.asked if "count(" in sql]
