"""What audits found."""

from schemas.tables.model import Column, Table

FAILED = "struct<type:string,events:bigint>"

PLACED = (
    "struct<currency:string,promised:string,recorded:string,processed:string,failed:string,"
    "in_flight:string,missing:string,residue:string>"
)

DIFFERENCE = (
    "struct<kind:string,delivery_id:string,billing_period:string,charge_date:string,events:bigint,"
    "detail:string>"
)

AUDITS = Table(
    name="audits",
    prefix="audits/runs/",
    format="json",
    columns=(
        Column("audited_at", "string", "When, ISO 8601, UTC."),
        Column("evaluation", "string", "Whose rows were compared."),
        Column("clean", "boolean", "Whether every event was accounted for."),
        Column("events", "bigint", "Events in raw/, each once."),
        Column("resent", "bigint", "How often events were recorded beyond that."),
        Column("failed", f"array<{FAILED}>", "Events in errors/ and nowhere else, by type."),
        Column("in_flight", "bigint", "Events that the stream's buffers may still hold."),
        Column("late", "bigint", "Events beyond that, which Firehose may still be delivering."),
        Column("doubled", "bigint", "Extra rows in processed/; views count each event once."),
        Column("gaps", "bigint", "Differences."),
        Column("deliveries", "bigint", "Deliveries with a completion."),
        Column("open_deliveries", "bigint", "Deliveries without one."),
        Column("waiting_objects", "bigint", "Objects of records that wait in the spool."),
        Column("interrupted_ingests", "bigint", "Ingests that nobody has continued."),
        Column("raw_objects", "bigint", "Objects in raw/."),
        Column("raw_records", "bigint", "Records in raw/."),
        Column("raw_bytes", "bigint", "Their size as they were put."),
        Column("billed_bytes", "bigint", "Their size as Firehose bills it."),
        Column("decoded_objects", "bigint", "Objects that had to be read for this audit."),
        Column("judged_days", "bigint", "Days that had to be compared for it."),
        Column("differences", f"array<{DIFFERENCE}>", "The differences, the first thousand."),
    ),
    partitions=(),
    meaning="What each audit found, a row an audit.",
)

AUDIT_DAYS = Table(
    name="audit_days",
    prefix="audits/days/",
    format="json",
    columns=(
        Column("evaluation", "string", "Whose rows were compared."),
        Column("delivery_id", "string", "The delivery."),
        Column("billing_period", "string", "YYYY-MM of the billing period's start, UTC."),
        Column("charge_date", "string", "The day."),
        Column("checked_at", "string", "When it was last compared, ISO 8601, UTC."),
        Column("status", "string", "whole, failed, in-flight, late or differs."),
        Column("promised", "bigint", "Events its completion promises; null without one."),
        Column("recorded", "bigint", "Events in raw/, each once."),
        Column("resent", "bigint", "How often they were recorded beyond that."),
        Column("processed", "bigint", "Events in processed/, each once."),
        Column("doubled", "bigint", "Extra rows there; views count each event once."),
        Column("failed", f"array<{FAILED}>", "Events in errors/ and not in processed/, by type."),
        Column("in_flight", "bigint", "Events that the stream's buffers may still hold."),
        Column("late", "bigint", "Events beyond that, which Firehose may still be delivering."),
        Column("missing", "bigint", "Events in raw/ that are nowhere else and not on their way."),
        Column("orphaned", "bigint", "Events in processed/ that raw/ does not hold."),
        Column("billed", f"array<{PLACED}>", "Billed cost by currency and place, exact text."),
        Column("details", "array<string>", "The differences, in words."),
        Column("files", "array<string>", "Files that hold rows of it more than once."),
    ),
    partitions=(),
    meaning="What the last audit says of each day of each delivery.",
)
