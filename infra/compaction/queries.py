"""Does a query run now? It may have listed files that it has not read yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

LONGEST_QUERY = timedelta(hours=4)
"""No SELECT of Athena runs longer (service quotas: DML query timeout, at most 240 minutes)."""
_AT_ONCE = 50
"""As many executions as one call describes (Athena API reference, BatchGetQueryExecution)."""
_RUNNING = ("QUEUED", "RUNNING")


def queries_running(athena: Any, workgroup: str, now: datetime) -> bool:
    """Tell whether a query of a workgroup waits or runs; others are not known here.

    Args:
        athena: a boto3 Athena client.
        workgroup: the workgroup.
        now: the moment, aware.
    """
    for executions in _newest(athena, workgroup):
        if any(execution["Status"]["State"] in _RUNNING for execution in executions):
            return True
        began = [execution["Status"]["SubmissionDateTime"] for execution in executions]
        if not began or now - min(began) > LONGEST_QUERY:
            return False
    return False


def _newest(athena: Any, workgroup: str) -> Iterator[list[dict[str, Any]]]:
    """Yield descriptions of executions, the newest first (as ListQueryExecutions has them)."""
    pages = athena.get_paginator("list_query_executions")
    for page in pages.paginate(WorkGroup=workgroup, PaginationConfig={"PageSize": _AT_ONCE}):
        if ids := page["QueryExecutionIds"]:
            found: list[dict[str, Any]] = athena.batch_get_query_execution(QueryExecutionIds=ids)[
                "QueryExecutions"
            ]
            yield found
