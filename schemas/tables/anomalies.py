"""Anomalies, what became of them, and what people say of them."""

from schemas.tables.model import MONEY, Column, Table
from schemas.tables.summaries import SERIES_COLUMNS

CONTRIBUTOR = f"struct<resource_id:string,actual:{MONEY},expected:{MONEY}>"

ABNORMAL_DAY = (
    f"struct<charge_date:string,actual:{MONEY},expected:{MONEY},recent_level:{MONEY},"
    f"weekday_level:{MONEY}>"
)

ANOMALY = (
    Column("anomaly_id", "string", "Its name for good, made of its series and first day."),
    Column("status", "string", "open, ended, or withdrawn: a restatement took its days back."),
    Column("charge_date", "string", "Its first abnormal day, YYYY-MM-DD, UTC."),
    Column("end_date", "string", "Its last abnormal day so far."),
    *SERIES_COLUMNS,
    Column("billing_currency", "string", "Currency of all amounts of the row."),
    Column("actual", MONEY, "Effective cost of its abnormal days."),
    Column("expected", MONEY, "What they would usually have cost."),
    Column("impact", MONEY, "Actual minus expected."),
    Column("days", f"array<{ABNORMAL_DAY}>", "Its abnormal days, each with both its levels."),
    Column("contributors", f"array<{CONTRIBUTOR}>", "Resources that added most, largest first."),
    Column("owner", "string", "The owner with most of its cost; null where no tag names one."),
    Column("first_seen", "string", "When the job first saw it, ISO 8601, UTC."),
    Column("notified_at", "string", "When the topic was told of it; null where it was not."),
    Column("suppressed_by", "string", "The planned event that explains it; null without one."),
    Column("suppression_reason", "string", "What the planned event is."),
    Column("detail", "string", "Why it was withdrawn; empty otherwise."),
)

ANOMALIES = Table(
    name="anomalies",
    prefix="summaries/anomaly_events/",
    format="json",
    columns=ANOMALY,
    partitions=(),
    meaning="Times when a series cost abnormally much, as they stand; written by the daily job.",
)

ANOMALY_HISTORY = Table(
    name="anomaly_history",
    prefix="summaries/anomaly_history/",
    format="json",
    columns=(
        Column("changed_at", "string", "When, ISO 8601, UTC."),
        Column(
            "change",
            "string",
            "found, changed, ended, reopened, withdrawn, suppressed, unsuppressed or notified.",
        ),
        *ANOMALY,
    ),
    partitions=(),
    meaning="What happened to each anomaly and how it stood after it; rows are only ever added.",
)

ANOMALY_ACKS = Table(
    name="anomaly_acks",
    prefix="summaries/anomaly_acks/",
    format="json",
    columns=(
        Column("anomaly_id", "string", "The anomaly."),
        Column("acknowledged_at", "string", "When, ISO 8601, UTC; the newest counts."),
        Column("acknowledged_by", "string", "Who."),
        Column("reason", "string", "Why."),
        Column("feedback", "string", "`true` or `false`: whether it was one; null where not said."),
    ),
    partitions=(),
    meaning="What people said of anomalies; rows are only ever added.",
)

SUPPRESSIONS = Table(
    name="suppressions",
    prefix="state/suppressions/",
    format="json",
    columns=(
        Column("suppression_id", "string", "Hash of all but who lifted it."),
        *SERIES_COLUMNS,
        Column("first_day", "string", "The first day of the planned event."),
        Column("last_day", "string", "Its last day, included."),
        Column("reason", "string", "What is planned."),
        Column("created_by", "string", "Who said so."),
        Column("created_at", "string", "When, ISO 8601, UTC."),
        Column("lifted_at", "string", "When it was taken back; null while it holds."),
        Column("lifted_by", "string", "Who took it back."),
    ),
    partitions=(),
    meaning="Planned events; a null account, service or region stands for each of them.",
)
