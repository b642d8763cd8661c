"""What cannot be decoded or judged costs only itself, and nothing of it is lost."""

import base64
import gzip
import json
from functools import partial
from random import Random

import orjson

from infra import delivery_stream as stream
from infra.local.firehose.service import LocalFirehose
from infra.local.transport import LocalTransport
from infra.wiring import LocalPlatform, utc_now
from producers.delivery import Delivery
from producers.ingest import Ingest
from producers.sources.focus import FocusFile
from rules import Charge, Facts, RuleSet, Verdict, default_policy, rule_set
from rules.baselines import BaselineSeries
from schemas.codec import MARKER
from schemas.lake import ERRORS
from schemas.tables import LAKE_ROWS
from tests import samples
from tests.e2e.conftest import Finops
from tests.e2e.test_deliveries import answer
from transforms.context import Context
from transforms.core import transform
from transforms.firehose_io import answer as firehose_answer
from transforms.settle import settle

FIELDS = [
    "rawData", "errorCode", "errorMessage", "attemptsMade", "arrivalTimestamp",
    "attemptEndingTimestamp", "lambdaARN",
]  # fmt: skip


def deliver_with(platform: LocalPlatform, firehose: LocalFirehose, foreign: list[bytes]) -> None:
    """Ingest the real sample with foreign records in the same stream."""
    platform.activate_first_evaluation()
    transport = LocalTransport(firehose, stream.STREAM)
    delivery = Delivery(transport, lambda seconds: None, Random(1), lambda: None)
    for record in foreign[:1]:
        transport.put_record_batch([record])
    Ingest(FocusFile(samples.REAL), delivery, platform.store, lambda d: None).run()
    for record in foreign[1:]:
        transport.put_record_batch([record])
    firehose.flush(stream.STREAM)
    settle(platform.query, platform.store)


def test_foreign_records_end_in_errors_with_their_bytes_and_a_reason(
    finops: Finops, platform: LocalPlatform
) -> None:
    """Random bytes, a cut gzip member and an unknown fingerprint; the batch around them arrives."""
    good = gzip.compress(MARKER + bytes(8) + b"datum")
    foreign = {
        b"\x00random bytes\xff": "bad-gzip",
        good[:-5]: "bad-gzip",
        good: "unknown-schema",
    }
    deliver_with(platform, platform.firehose(), list(foreign))
    lines = [
        json.loads(line)
        for info in platform.store.list(ERRORS)
        for line in platform.store.get(info.key).splitlines()
    ]
    assert {base64.b64decode(line["rawData"]) for line in lines} == set(foreign)
    for line in lines:
        assert list(line) == FIELDS
        assert line["errorCode"] == "Lambda.ProcessingFailedStatus"
        assert line["attemptsMade"] == 1
        assert isinstance(line["arrivalTimestamp"], int)
    listed = finops("quarantine", "list", "--json").json
    assert sorted(e["reason"] for e in listed) == sorted(foreign.values())
    for entry in listed:
        assert finops("quarantine", "show", entry["id"]).code == 0
    assert len(answer(platform)) == len(samples.rows(samples.REAL))
    assert finops("audit").code == 0


def raises_on_compute(charge: Charge, facts: Facts) -> Verdict:
    """Break on every compute charge."""
    if charge.service_category == "Compute":
        raise ZeroDivisionError("a bug in a rule")
    return Verdict()


def test_a_rule_that_raises_is_a_finding_and_the_row_arrives(platform: LocalPlatform) -> None:
    """The finding `rule-error` names the rule; no row is lost to it."""
    rules = RuleSet("broken", (raises_on_compute, *rule_set("v1").rules))
    context = Context("v1", rules, default_policy(), BaselineSeries())
    arn = "arn:aws:lambda:us-east-1:000000000000:function:broken"

    def function(request: str) -> str:
        reply, _ = firehose_answer(json.loads(request), partial(transform, context=context))
        return orjson.dumps(reply).decode()

    firehose = LocalFirehose(
        stores={stream.BUCKET: platform.store},
        functions={arn: function},
        tables={(stream.DATABASE, stream.ROWS_TABLE): LAKE_ROWS},
        clock=utc_now,
        random=Random(1),
    )
    bucket = f"arn:aws:s3:::{stream.BUCKET}"
    firehose.create_delivery_stream(
        stream.STREAM,
        stream.destination(bucket_arn=bucket, role_arn="arn:aws:iam::0:role/r", function_arn=arn),
    )
    deliver_with(platform, firehose, [])
    rows = samples.rows(samples.REAL)
    assert len(answer(platform)) == len(rows)
    found = platform.query.rows(
        "select f.rule as rule, f.message as message, c.tag_status as tag_status from charges c "
        "cross join unnest(c.findings) as f(rule, severity, message, amount, expected) "
        "where f.rule = 'rule-error'"
    )
    assert len(found) == sum(r["ServiceCategory"] == "Compute" for r in rows)
    assert {f["message"] for f in found} == {
        "raises_on_compute raised ZeroDivisionError: a bug in a rule"
    }
    assert "unknown" not in {f["tag_status"] for f in found}
