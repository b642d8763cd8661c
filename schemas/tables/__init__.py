"""The lake's tables as data: one source for Glue, Parquet, SQL and the reference page.

Types are Glue's (Hive's) spelling. A column's meaning is one sentence. Firehose converts every row
of the stream with one Glue table, so `LAKE_ROWS` is the union of what `charges` and `deliveries`
hold; each of the two reads only its own columns from its own prefix.
"""

from schemas.tables.anomalies import ANOMALIES, ANOMALY_ACKS, ANOMALY_HISTORY, SUPPRESSIONS
from schemas.tables.audits import AUDIT_DAYS, AUDITS
from schemas.tables.charges import (
    AMOUNTS,
    CHARGES_STORED,
    EXTENSIONS,
    FOCUS,
    IDENTITY,
    PRICED_IN_PRICING_CURRENCY,
    VERDICTS,
)
from schemas.tables.deliveries import DELIVERIES_STORED, DELIVERY
from schemas.tables.model import MONEY, TAGS, Column, Table
from schemas.tables.state import ACTIVE_EVALUATION, COMPACTIONS, CURRENT_STATE, DELIVERY_STATUS
from schemas.tables.summaries import DAILY_COSTS_STORED, MONTHLY_COSTS_STORED, SUMMARIES

__all__ = [
    "ACTIVE_EVALUATION",
    "AMOUNTS",
    "ANOMALIES",
    "ANOMALY_ACKS",
    "ANOMALY_HISTORY",
    "AUDITS",
    "AUDIT_DAYS",
    "CHARGES_STORED",
    "COMPACTIONS",
    "CURRENT_STATE",
    "DAILY_COSTS_STORED",
    "DELIVERIES_STORED",
    "DELIVERY",
    "DELIVERY_STATUS",
    "EXTENSIONS",
    "FOCUS",
    "IDENTITY",
    "LAKE_ROWS",
    "MONEY",
    "MONTHLY_COSTS_STORED",
    "PRICED_IN_PRICING_CURRENCY",
    "SUMMARIES",
    "SUPPRESSIONS",
    "TABLES",
    "TAGS",
    "VERDICTS",
    "Column",
    "Table",
]

TABLES = (
    CHARGES_STORED,
    DELIVERIES_STORED,
    CURRENT_STATE,
    DELIVERY_STATUS,
    ACTIVE_EVALUATION,
    COMPACTIONS,
    SUMMARIES,
    DAILY_COSTS_STORED,
    MONTHLY_COSTS_STORED,
    ANOMALIES,
    ANOMALY_HISTORY,
    ANOMALY_ACKS,
    SUPPRESSIONS,
    AUDITS,
    AUDIT_DAYS,
)
"""Every table a query may name (the views are in `infra/athena/views`)."""


def _union(*groups: tuple[Column, ...]) -> tuple[Column, ...]:
    seen: dict[str, Column] = {}
    for column in (c for group in groups for c in group):
        first = seen.setdefault(column.name, column)
        if first.type != column.type:
            raise ValueError(f"column {column.name} has two types: {first.type}, {column.type}")
    return tuple(seen.values())


LAKE_ROWS = Table(
    name="lake_rows",
    prefix="processed/",
    format="parquet",
    columns=_union(CHARGES_STORED.columns, DELIVERIES_STORED.columns),
    partitions=(),
    meaning="The schema Firehose converts with: every column a row of the stream may have.",
)
