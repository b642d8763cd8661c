"""The transform Lambda that Firehose calls: `transforms.firehose_handler.handler`.

Wired once at cold start; parse, map, reply. A failed record is logged with its reason, because
Firehose's error object has room only for its own. Each invocation asks which evaluation is active
and which baselines there are; a damaged one is an error, so that Firehose keeps the records.

Metrics count events; an invocation that Firehose tries again counts its events again.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from schemas.emf import NAMESPACE, emf_line
from schemas.s3_store import S3Store
from transforms.context import Context, context_from
from transforms.core import Failed, Ok, transform
from transforms.current_context import CurrentContext
from transforms.firehose_io import Outcome, answer, answer_bytes

SERVICE = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "finops-transform")  # noqa: TID251 the edge
logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
_context = context_from(os.environ)  # noqa: TID251 the Lambda's edge


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one Firehose transformation request."""
    reply, outcomes = answer(event, partial(transform, context=_current()))
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome.result, Failed):
            counts["RecordsFailed"] += 1
            logger.warning(
                "record failed",
                extra={
                    "record_id": outcome.record_id,
                    "invocation_id": event.get("invocationId"),
                    "reason": outcome.result.reason,
                    "detail": outcome.result.detail,
                },
            )
        else:
            counts["Events"] += outcome.result.rows
    counts["Records"] = len(outcomes)
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.add_metric(name="AnswerBytes", unit=MetricUnit.Bytes, value=answer_bytes(outcomes))
    for line in finding_lines(outcomes, time.time_ns() // 1_000_000):
        print(line)
    return reply


def finding_lines(outcomes: Iterable[Outcome], now_millis: int) -> list[str]:
    """Return the metrics of what the rules found: how many by rule, how much money by currency."""
    counts: Counter[str] = Counter()
    amounts: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for outcome in outcomes:
        if isinstance(outcome.result, Ok):
            for (rule, currency), (count, amount) in outcome.result.found.items():
                counts[rule] += count
                amounts[rule, currency] += amount
    by_rule = [
        emf_line(SERVICE, {"Findings": (count, "Count")}, now_millis, {"rule": rule})
        for rule, count in sorted(counts.items())
    ]
    by_currency = [
        emf_line(
            SERVICE,
            {"FindingsAmount": (amount, "None")},
            now_millis,
            {"rule": rule, "currency": currency},
        )
        for (rule, currency), amount in sorted(amounts.items())
    ]
    return by_rule + by_currency


def _current() -> Context:
    """Return the active evaluation; without a lake, the one the environment says."""
    current = _lake()
    return current.now() if current else _context


@cache
def _lake() -> CurrentContext | None:
    bucket = os.environ.get("FINOPS_BUCKET")  # noqa: TID251 the Lambda's edge
    if not bucket:
        return None
    # The SDK comes with Lambda's runtime; 0.3 s of the first invocation, not of every import.
    import boto3

    return CurrentContext(S3Store(boto3.client("s3"), bucket), _context)
