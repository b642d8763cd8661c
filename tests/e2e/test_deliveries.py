"""Sending twice, delivering twice, disorder and interruption change no answer."""

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.local.firehose import Faults
from infra.wiring import Platform
from producers.boto_transport import BotoTransport
from producers.decision import OnConflict
from producers.delivery import Delivery
from producers.ingest import DEFAULTS, Options
from producers.transport import Transport
from schemas.codec import Batch, decode
from schemas.lake import RAW
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.sources import deliver, file_source
from transforms.settle import settle

EVERYTHING = """
select event_id, billing_account_id, charge_date, service_name, billed_cost, effective_cost,
       json_format(cast(tags as json)) as tags, cost_class, tag_status
from charges order by event_id
"""


def answer(lake: Lake) -> list[dict[str, Any]]:
    return lake.rows(EVERYTHING)


def transport_of(platform: Platform) -> Transport:
    return BotoTransport(platform.client("firehose"), platform.names.stream)


def delivery_over(transport: Transport) -> Delivery:
    return Delivery(
        transport, sleep=lambda seconds: None, jitter=Random(1), next_interval=lambda: None
    )


def outside(file: Path) -> list[dict[str, str]]:
    """Return the real sample's rows of payer accounts that `file` does not hold."""
    held = {row["BillingAccountId"] for row in samples.rows(file)}
    return [row for row in samples.rows(samples.REAL) if row["BillingAccountId"] not in held]


def raw_bytes(lake: Lake) -> int:
    return sum(path.stat().st_size for path in lake.objects(RAW))


def test_the_same_file_again_sends_nothing_and_says_so(finops: Finops, lake: Lake) -> None:
    """Ingest is idempotent: the second run is a no-op."""
    finops("ingest", str(samples.REAL))
    before, size = answer(lake), raw_bytes(lake)
    again = finops("ingest", str(samples.REAL))
    assert again.code == 0
    assert "already delivered: nothing was sent" in again.out
    assert finops("ingest", "--json", str(samples.REAL)).json["nothing_new"] is True
    assert raw_bytes(lake) == size
    assert answer(lake) == before


def test_resend_doubles_raw_and_changes_no_answer(finops: Finops, lake: Lake) -> None:
    """The log keeps both, the views count one, the audit stays clean and says so."""
    finops("ingest", str(samples.REAL))
    before, size = answer(lake), raw_bytes(lake)
    finops("ingest", str(samples.REAL), "--resend")
    assert raw_bytes(lake) == 2 * size
    assert answer(lake) == before
    told = finops("audit")
    assert told.code == 0
    assert f"{len(before)} events were sent more than once" in told.out


def test_duplicated_and_reordered_batches_change_no_answer(lake: Lake, tmp_path: Path) -> None:
    """At-least-once and no order, as the service promises, leave every view alone."""
    straight = Lake(tmp_path / "straight")
    faults = Faults(duplicate_batches=True, duplicate_objects=True, reorder=True)
    for file in (samples.REAL, samples.GENERATED):
        straight.ingest(file)
    expected = answer(straight)
    straight.stop()
    for file in (samples.REAL, samples.GENERATED):
        for _ in range(2):
            lake.ingest(file, resend=True, faults=faults)
    assert answer(lake) == expected
    report = lake.audit()
    assert report.clean
    assert report.doubled


class StopsAt:
    """A transport whose process dies after so many records were accepted."""

    def __init__(self, transport: Transport, accepts: int) -> None:
        self._transport = transport
        self._left = accepts

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take what is left of the allowance, then die."""
        taken = list(records)[: self._left]
        self._left -= len(taken)
        if taken:
            self._transport.put_record_batch(taken)
        if len(taken) < len(records):
            raise KeyboardInterrupt
        return [None] * len(taken)


def interrupted(lake: Lake, file: Path, accepts: int, options: Options = DEFAULTS) -> None:
    """Ingest a file and die after `accepts` records; Firehose delivers what it took."""
    aws, platform = lake.started()
    delivery = delivery_over(StopsAt(transport_of(platform), accepts))
    with pytest.raises(KeyboardInterrupt):
        deliver(platform, file_source(file), delivery, options)
    aws.flush()
    settle(platform.query, platform.store, platform.clock.now())


def test_an_interrupted_first_delivery_is_not_shown_until_it_is_complete(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """Nothing of it before its last record; all of it after the same command again."""
    whole = Lake(tmp_path / "whole")
    whole.ingest(samples.REAL)
    records, expected = whole.audit().raw_records, answer(whole)
    whole.stop()
    interrupted(lake, samples.REAL, records - 2)
    assert answer(lake) == []
    told = finops("deliveries", "--json").json
    assert {d["status"] for d in told} == {"interrupted"}
    assert all("run the same ingest again" in d["detail"] for d in told)
    assert "open: delivery" in finops("audit").out
    assert finops("ingest", str(samples.REAL)).code == 0
    assert answer(lake) == expected
    assert finops("audit").code == 0


def test_an_interrupted_restatement_leaves_the_old_truth(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """A scope flips whole or not at all."""
    lake.ingest(samples.REAL)
    before = answer(lake)
    lines = samples.REAL.read_text("utf-8").splitlines(keepends=True)
    newer = tmp_path / "newer.csv"
    newer.write_text("".join(lines[:201]), "utf-8")
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    interrupted(lake, newer, 10, Options(on_conflict=OnConflict.REPLACE))
    assert answer(lake) == before
    finops("ingest", str(newer), "--replace")
    # The newer file does not speak of the other payer account: that scope stays.
    assert len(answer(lake)) == 200 + len(outside(newer))
    assert {d["status"] for d in finops("deliveries", "--json").json} == {"active", "superseded"}


def test_the_newest_assertion_wins_in_any_order_and_the_way_back_sends_no_rows(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """A, B, then A said again: A's rows are not sent a second time, its scope is read from it."""
    lines = samples.REAL.read_text("utf-8").splitlines(keepends=True)
    a, b = samples.copied(samples.REAL, tmp_path, "a.csv"), tmp_path / "b.csv"
    b.write_text("".join(lines[:101]), "utf-8")
    for path, moment in ((a, 1_700_000_000), (b, 1_800_000_000)):
        os.utime(path, (moment, moment))
    finops("ingest", str(b))
    refused = finops("ingest", str(a))
    assert refused.code == 2
    assert "is held by b.csv" in refused.err
    assert len(answer(lake)) == 100
    finops("ingest", str(a), "--replace")
    assert len(answer(lake)) == len(samples.rows(a))
    finops("ingest", str(b), "--replace")
    assert len(answer(lake)) == 100 + len(outside(b))
    report = finops("ingest", "--json", str(a), "--replace").json
    assert report["sent"]["events"] == 0
    assert report["sent"]["records"] >= 1
    assert len(answer(lake)) == len(samples.rows(a))


class Damages:
    """Breaks the first record of charges on its way, as a bad cable would."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._damaged = False

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Cut the last byte off one record."""
        sent = []
        for record in records:
            batch = decode(record)
            if not self._damaged and isinstance(batch, Batch) and batch.is_charges:
                self._damaged = True
                sent.append(record[:-1])
            else:
                sent.append(record)
        return self._transport.put_record_batch(sent)


def test_records_lost_in_errors_keep_the_delivery_out_and_say_why(
    finops: Finops, lake: Lake
) -> None:
    """A day with rows in errors/ leaves the old state, until somebody accepts it."""
    aws, platform = lake.started()
    delivery = delivery_over(Damages(transport_of(platform)))
    deliver(platform, file_source(samples.GENERATED), delivery)
    aws.flush()
    settle(platform.query, platform.store, platform.clock.now())
    told = {d["status"]: d for d in finops("deliveries", "--json").json}
    assert set(told) == {"active", "incomplete"}
    assert "rows missing on 1 days" in told["incomplete"]["detail"]
    shown = answer(lake)
    assert finops("settle", "--accept-incomplete", told["incomplete"]["delivery_id"]).code == 0
    assert len(answer(lake)) > len(shown)
    assert finops("deliveries", "--json").json[0]["status"] == "active"
