"""Sending twice, delivering twice, disorder and interruption change no answer."""

import os
from pathlib import Path
from random import Random
from typing import Any

from infra import delivery_stream as stream
from infra.commands.ingest import run_ingest
from infra.local.firehose.faults import Faults
from infra.local.transport import LocalTransport
from infra.wiring import LocalPlatform
from producers.delivery import Delivery
from producers.errors import DeliveryError
from producers.ingest import Ingest
from producers.sources.focus import FocusFile
from producers.transport import Transport
from schemas.codec import Batch, decode
from schemas.lake import RAW
from tests import samples
from tests.e2e.conftest import Finops
from transforms.audit import audit
from transforms.settle import settle

EVERYTHING = """
select event_id, billing_account_id, charge_date, service_name, billed_cost, effective_cost, tags,
       cost_class, tag_status
from charges order by event_id
"""


def answer(platform: LocalPlatform) -> list[dict[str, Any]]:
    return platform.query.rows(EVERYTHING)


def outside(file: Path) -> list[dict[str, str]]:
    """Return the real sample's rows of payer accounts that `file` does not hold."""
    held = {row["BillingAccountId"] for row in samples.rows(file)}
    return [row for row in samples.rows(samples.REAL) if row["BillingAccountId"] not in held]


def raw_bytes(platform: LocalPlatform) -> int:
    return sum(info.size for info in platform.store.list(RAW))


def test_the_same_file_again_sends_nothing_and_says_so(
    finops: Finops, platform: LocalPlatform
) -> None:
    """Ingest is idempotent: the second run is a no-op."""
    finops("ingest", str(samples.REAL))
    before, size = answer(platform), raw_bytes(platform)
    again = finops("ingest", str(samples.REAL))
    assert again.code == 0
    assert "already delivered: nothing was sent" in again.out
    assert finops("ingest", "--json", str(samples.REAL)).json["nothing_new"] is True
    assert raw_bytes(platform) == size
    assert answer(platform) == before


def test_resend_doubles_raw_and_changes_no_answer(finops: Finops, platform: LocalPlatform) -> None:
    """The log keeps both, the views count one, the audit stays clean and says so."""
    finops("ingest", str(samples.REAL))
    before, size = answer(platform), raw_bytes(platform)
    finops("ingest", str(samples.REAL), "--resend")
    assert raw_bytes(platform) == 2 * size
    assert answer(platform) == before
    told = finops("audit")
    assert told.code == 0
    assert f"{len(before)} events were sent more than once" in told.out


def test_duplicated_and_reordered_batches_change_no_answer(
    platform: LocalPlatform, tmp_path: Path
) -> None:
    """At-least-once and no order, as the service promises, leave every view alone."""
    straight = LocalPlatform.at(tmp_path / "straight")
    for file in (samples.REAL, samples.GENERATED):
        run_ingest(straight, FocusFile(file))
        for _ in range(2):
            run_ingest(
                platform,
                FocusFile(file),
                resend=True,
                faults=Faults(duplicate_batches=True, duplicate_objects=True, reorder=True),
            )
    assert answer(platform) == answer(straight)
    assert audit(platform.query, platform.store).clean
    assert audit(platform.query, platform.store).doubled


class StopsAt:
    """A transport whose process dies after so many records were accepted."""

    def __init__(self, transport: Transport, accepts: int) -> None:
        self._transport = transport
        self._left = accepts

    def put_record_batch(self, records: Any) -> list[str | None]:
        """Take what is left of the allowance, then die."""
        taken = list(records)[: self._left]
        self._left -= len(taken)
        if taken:
            self._transport.put_record_batch(taken)
        if len(taken) < len(records):
            raise KeyboardInterrupt
        return [None] * len(taken)


def interrupted(platform: LocalPlatform, file: Path, accepts: int) -> None:
    """Ingest a file and die after `accepts` records; Firehose delivers what it took."""
    platform.activate_first_evaluation()
    firehose = platform.firehose()
    delivery = Delivery(
        StopsAt(LocalTransport(firehose, stream.STREAM), accepts),
        sleep=lambda seconds: None,
        jitter=Random(1),
        next_interval=lambda: None,
    )
    try:
        Ingest(FocusFile(file), delivery, platform.store, lambda delivery_id: None).run()
    except (KeyboardInterrupt, DeliveryError):
        pass
    else:
        raise AssertionError("the interruption did not happen")
    firehose.flush(stream.STREAM)
    settle(platform.query, platform.store)


def records_of(platform: LocalPlatform) -> int:
    return audit(platform.query, platform.store).raw_records


def test_an_interrupted_first_delivery_is_not_shown_until_it_is_complete(
    finops: Finops, platform: LocalPlatform, tmp_path: Path
) -> None:
    """Nothing of it before its last record; all of it after the same command again."""
    whole = LocalPlatform.at(tmp_path / "whole")
    run_ingest(whole, FocusFile(samples.REAL))
    interrupted(platform, samples.REAL, records_of(whole) - 2)
    assert answer(platform) == []
    told = finops("deliveries", "--json").json
    assert {d["status"] for d in told} == {"open"}
    assert "open: delivery" in finops("audit").out
    assert finops("ingest", str(samples.REAL)).code == 0
    assert answer(platform) == answer(whole)
    assert finops("audit").code == 0


def test_an_interrupted_restatement_leaves_the_old_truth(
    finops: Finops, platform: LocalPlatform, tmp_path: Path
) -> None:
    """A scope flips whole or not at all."""
    run_ingest(platform, FocusFile(samples.REAL))
    before = answer(platform)
    lines = samples.REAL.read_text("utf-8").splitlines(keepends=True)
    newer = tmp_path / "newer.csv"
    newer.write_text("".join(lines[:201]), "utf-8")
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    interrupted(platform, newer, 10)
    assert answer(platform) == before
    finops("ingest", str(newer))
    # The newer file does not speak of the other payer account: that scope stays.
    assert len(answer(platform)) == 200 + len(outside(newer))
    assert {d["status"] for d in finops("deliveries", "--json").json} == {"current", "superseded"}


def test_the_newest_assertion_wins_in_any_order_and_the_way_back_sends_no_rows(
    finops: Finops, platform: LocalPlatform, tmp_path: Path
) -> None:
    """A, B, then A said again: A's rows are not sent a second time, its scope is read from it."""
    lines = samples.REAL.read_text("utf-8").splitlines(keepends=True)
    a, b = samples.copied(samples.REAL, tmp_path, "a.csv"), tmp_path / "b.csv"
    b.write_text("".join(lines[:101]), "utf-8")
    for path, moment in ((a, 1_700_000_000), (b, 1_800_000_000)):
        os.utime(path, (moment, moment))
    finops("ingest", str(b))
    finops("ingest", str(a))
    assert len(answer(platform)) == 100 + len(outside(b))
    os.utime(a, (1_900_000_000, 1_900_000_000))
    report = finops("ingest", "--json", str(a)).json
    assert report["sent"]["events"] == 0
    assert report["sent"]["records"] >= 1
    assert len(answer(platform)) == len(samples.rows(a))


def test_records_lost_in_errors_keep_the_delivery_out_and_say_why(
    finops: Finops, platform: LocalPlatform
) -> None:
    """A day with rows in errors/ leaves the old state, until somebody accepts it."""
    platform.activate_first_evaluation()
    firehose = platform.firehose()

    class Damages:
        """Breaks the first record of charges on its way, as a bad cable would."""

        damaged = False

        def put_record_batch(self, records: Any) -> list[str | None]:
            """Cut the last byte off one record."""
            inner = LocalTransport(firehose, stream.STREAM)
            sent = []
            for record in records:
                batch = decode(record)
                if not self.damaged and isinstance(batch, Batch) and batch.is_charges:
                    self.damaged = True
                    record = record[:-1]
                sent.append(record)
            return inner.put_record_batch(sent)

    delivery = Delivery(
        Damages(),
        sleep=lambda seconds: None,
        jitter=Random(1),
        next_interval=lambda: None,
    )
    Ingest(FocusFile(samples.GENERATED), delivery, platform.store, lambda d: None).run()
    firehose.flush(stream.STREAM)
    settle(platform.query, platform.store)
    told = {d["status"]: d for d in finops("deliveries", "--json").json}
    assert set(told) == {"current", "incomplete"}
    assert "rows missing on 1 days" in told["incomplete"]["detail"]
    shown = answer(platform)
    assert finops("settle", "--accept-incomplete", told["incomplete"]["delivery_id"]).code == 0
    assert len(answer(platform)) > len(shown)
    assert finops("deliveries", "--json").json[0]["status"] == "current"
