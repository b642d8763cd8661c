"""The scheduled function over an export in S3, two seconds at a time, in the embedded AWS."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from infra.aws.template import load_template
from infra.local.aws.server import LocalAws
from infra.wiring import Platform, start
from tests.exports import LegacyReport, charge
from transforms.audit import audit

BUCKET = "our-exports"
TIMEOUT = 62
"""The function keeps a minute for its end: two seconds are left for reading."""
BIG, SMALL = 60_000, 40
COUNTED = "invocations.txt"
MONTH = "2026-09"
SCHEDULED = {"scheduled_time": "2026-09-20T05:00:00Z"}


def rows_of(count: int, cost: str) -> list[dict[str, str]]:
    return [
        charge(f"{MONTH}-{n % 7 + 1:02}", cost, ResourceId=f"r-{n}", Tags=f'{{"n": "{n}"}}')
        for n in range(count)
    ]


def upload(platform: Platform, folder: Path) -> None:
    client = platform.client("s3")
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            key = f"costs/{file.relative_to(folder).as_posix()}"
            client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())


def invoke(platform: Platform, name: str) -> None:
    """Send the schedule's event; in the embedded AWS, all that follows from it is over then."""
    client = platform.client("lambda")
    client.invoke(FunctionName=name, InvocationType="Event", Payload=orjson.dumps(SCHEDULED))


def ingest_and_settle(aws: LocalAws, platform: Platform) -> tuple[int, Decimal]:
    """Run both schedules; return what the view shows."""
    invoke(platform, "finops-ingest")
    aws.flush()
    invoke(platform, "finops-settle")
    (row,) = platform.query.rows("select count(*) as n, sum(billed_cost) as b from charges")
    return row["n"], row["b"]


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[tuple[LocalAws, Platform]]:
    """Our template with an export as the source."""
    template = copy.deepcopy(load_template())
    template["Resources"]["IngestFunction"]["Properties"] |= {
        "Timeout": TIMEOUT,
        "Handler": "tests.e2e.counted_handler.handler",
        "Environment": {"Variables": {"COUNT_FILE": str(tmp_path / COUNTED)}},
    }
    parameters = {
        "Source": "focus",
        "ExportBucket": BUCKET,
        "ExportPrefix": "costs",
        "ScheduleState": "DISABLED",
    }
    with start(tmp_path / "finops", template=template, parameters=parameters) as (aws, platform):
        platform.client("s3").create_bucket(Bucket=BUCKET)
        yield aws, platform


@pytest.mark.long
def test_a_report_of_two_parts_arrives_in_several_invocations(
    deployed: tuple[LocalAws, Platform], tmp_path: Path
) -> None:
    """Each goes on where the last one stopped; the lake has every row once, with its money."""
    aws, platform = deployed
    report = LegacyReport(tmp_path / "s3")
    parts = [rows_of(BIG, "0.125"), rows_of(SMALL, "2")]
    report.assemble(MONTH, "a-1", parts, 1_789_000_000)
    upload(platform, tmp_path / "s3")
    assert ingest_and_settle(aws, platform) == (BIG + SMALL, Decimal("0.125") * BIG + 2 * SMALL)
    assert audit(platform.query, platform.store).clean
    assert not list(platform.store.list("spool/"))
    left = [int(line) for line in (tmp_path / COUNTED).read_text("utf-8").split()]
    assert len(left) >= 3, "the large part takes more than one invocation, the small one its own"
    assert max(left) <= TIMEOUT * 1_000
    queue = platform.client("sqs").get_queue_url(QueueName="finops-failed-invocations")
    failed = platform.client("sqs").receive_message(QueueUrl=queue["QueueUrl"])
    assert "Messages" not in failed
    # A day changed: only that day is sent again.
    parts[1][0] = {**parts[1][0], "BilledCost": "3"}
    report.assemble(MONTH, "a-2", parts, 1_789_900_000)
    upload(platform, tmp_path / "s3")
    assert ingest_and_settle(aws, platform) == (BIG + SMALL, Decimal("0.125") * BIG + 2 * SMALL + 1)
    (newest,) = platform.query.rows(
        "select events, json_format(cast(days as json)) as days from deliveries "
        "where status = 'active'"
    )
    held = [day["held_by"] for day in orjson.loads(newest["days"])]
    assert (newest["events"], len(held), held.count(None)) == (BIG + SMALL, 7, 1)
