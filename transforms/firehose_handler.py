"""The transform Lambda that Firehose calls: `transforms.firehose_handler.handler`.

Wired once at cold start; parse, map, reply. A failed record is logged with its reason, because
Firehose's error object has room only for its own.
"""

import os
from collections import Counter
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from transforms.context import context_from
from transforms.core import Failed, transform
from transforms.firehose_io import answer

logger = Logger(service="finops-transform")
metrics = Metrics(namespace="FinOpsFirehose", service="finops-transform")
_transform = partial(transform, context=context_from(os.environ))  # noqa: TID251 the Lambda's edge


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one Firehose transformation request."""
    reply, outcomes = answer(event, _transform)
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
            counts["Rows"] += outcome.result.rows
    counts["Records"] = len(outcomes)
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    return reply
