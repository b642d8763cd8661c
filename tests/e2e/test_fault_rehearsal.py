"""The pipeline under faults: what is ingested shows, each row once, and the audit proves it."""

from contextlib import suppress
from pathlib import Path
from random import Random

from infra.local.firehose import DeliveryError, Fault, Kind
from producers.boto_transport import BotoTransport
from producers.delivery import Delivery
from tests import samples
from tests.e2e.conftest import Lake
from tests.sources import deliver, file_source

BILLED = """
select charge_date, count(*) as n, sum(billed_cost) as billed
from charges group by 1 order by 1
"""
FAULTS = (
    Fault(Kind.THROTTLE, rate=0.3, seed=1),
    Fault(Kind.FAIL_CALL, rate=0.2, seed=2),
    Fault(Kind.FAIL_AFTER_ACCEPT, rate=0.2, seed=3),
    Fault(Kind.DROP_CONNECTION, rate=0.2, seed=4),
    Fault(Kind.LAMBDA_ERROR, rate=0.2, seed=5),
    Fault(Kind.LAMBDA_THROTTLED, rate=0.1, seed=6),
    Fault(Kind.OVERSIZED_REPLY, rate=0.1, seed=7),
    Fault(Kind.S3_DOWN, rate=0.3, seed=8),
    Fault(Kind.DUPLICATE, rate=0.5, seed=9),
    Fault(Kind.REORDER, seed=10),
)


def test_an_ingest_under_faults_ends_as_one_without(lake: Lake, tmp_path: Path) -> None:
    """However puts, the function and S3 fail meanwhile; the second run finishes the first."""
    straight = Lake(tmp_path / "straight")
    straight.ingest(samples.REAL)
    expected = straight.rows(BILLED)
    straight.stop()

    aws, platform = lake.started()
    delivery = Delivery(
        BotoTransport(platform.client("firehose"), platform.names.stream),
        sleep=lambda seconds: None,
        jitter=Random(1),
        next_interval=lambda: None,
    )
    for fault in FAULTS:
        aws.faults.add(fault)
    deliver(platform, file_source(samples.REAL), delivery)
    with suppress(DeliveryError):
        platform.flush()
    struck = {active.fault.kind for active in aws.faults.clear() if active.strikes}
    assert {Kind.THROTTLE, Kind.S3_DOWN, Kind.DUPLICATE, Kind.REORDER} <= struck
    lake.ingest(samples.REAL)
    assert lake.rows(BILLED) == expected
    assert lake.audit().clean
