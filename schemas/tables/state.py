"""State that jobs write whole: which delivery, which evaluation and which files count."""

from schemas.tables.model import Column, Table

STATE_COLUMNS = (
    Column("evaluation", "string", "The evaluation the entry is for."),
    Column("source", "string", "Scope: kind of export."),
    Column("billing_account_id", "string", "Scope: the payer account."),
    Column("billing_period", "string", "Scope: YYYY-MM of the billing period."),
    Column("charge_date", "string", "The day."),
    Column("delivery_id", "string", "The delivery whose rows are the truth for this day."),
    Column("asserted_by", "string", "The delivery that last asserted the scope."),
    Column("asserted_at", "string", "When it did, ISO 8601, UTC."),
    Column("events", "bigint", "How many of its promised rows are there: all, or as accepted."),
    Column(
        "dataset_instance",
        "string",
        "Which of the scope's exports or files it is; most scopes have one.",
    ),
)

CURRENT_STATE = Table(
    name="current_state",
    prefix="state/current/",
    format="json",
    columns=STATE_COLUMNS,
    partitions=(),
    meaning="Which delivery each day of each scope is read from; written by settle, whole.",
)

DELIVERY_STATUS = Table(
    name="delivery_status",
    prefix="state/delivery_status/",
    format="json",
    columns=(
        Column("delivery_id", "string", "The delivery."),
        Column("evaluation", "string", "The evaluation it was settled for."),
        Column(
            "status", "string", "active, superseded, in-flight, incomplete, empty, append or open."
        ),
        Column("detail", "string", "Why, in a sentence; empty where the status says it all."),
        Column("stored", "bigint", "Its rows in the lake, each counted once."),
    ),
    partitions=(),
    meaning="What settle found of every delivery; written by settle, whole.",
)

ACTIVE_EVALUATION = Table(
    name="active_evaluation",
    prefix="state/active_evaluation/",
    format="json",
    columns=(Column("evaluation", "string", "The evaluation that the views show."),),
    partitions=(),
    meaning="The one evaluation that the views show.",
)

COMPACTIONS = Table(
    name="compactions",
    prefix="state/compactions/",
    format="json",
    columns=(
        Column("evaluation", "string", "The partition: its evaluation."),
        Column("billing_period", "string", "The partition: its billing period, YYYY-MM."),
        Column("charge_date", "string", "The partition: its charge date, YYYY-MM-DD."),
        Column("phase", "string", "`writing` the new files, or `switched`: the old ones wait."),
        Column("since", "string", "When the phase began, ISO 8601, UTC."),
        Column("kind", "string", "`old`: what is replaced; `new`: what replaces it."),
        Column(
            "counts",
            "boolean",
            "Whether the file's rows count; those of the others are copies that compaction made.",
        ),
        Column("path", "string", "The file's key in the lake."),
        Column("bytes", "bigint", "Its size."),
        Column("etag", "string", "Its ETag; null while it is being written."),
    ),
    partitions=(),
    meaning="Files of partitions that are being compacted, until the old ones are deleted.",
)
