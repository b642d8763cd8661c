"""Deliveries as they are stored: what each one promised."""

from schemas.tables.charges import IDENTITY
from schemas.tables.model import TAGS, Column, Table

SUM = "struct<currency:string,column_name:string,stored:string,residue:string>"

DAY = (
    f"struct<billing_period:string,charge_date:string,events:bigint,content_hash:string,"
    f"held_by:string,sums:array<{SUM}>>"
)

REJECTED = "struct<reason:string,rows:bigint,currency:string,billed_cost:string>"

DELIVERY = (
    Column("source", "string", "What kind of export it came from, such as `focus`."),
    Column("source_name", "string", "The file or export as the producer named it."),
    Column(
        "dataset_instance",
        "string",
        "What fills the scope: an export by name, or a file by its content (`file:…`).",
    ),
    Column(
        "replaces_scope",
        "boolean",
        "Whether a person said that it replaces whatever else the scope holds.",
    ),
    Column("settings", TAGS, "Columns a person filled in where the source had none (`--set`)."),
    Column("billing_account_id", "string", "Scope: the payer account; empty for rows without one."),
    Column("scope_period", "string", "Scope: YYYY-MM of the billing period; empty where unknown."),
    Column(
        "asserted_at", "timestamp", "When the source said so: time of the manifest or file, UTC."
    ),
    Column("mapper_version", "string", "The version of the code that turned rows into events."),
    Column("events", "bigint", "Events the delivery promises."),
    Column("days", f"array<{DAY}>", "Per day: events, exact sums and residues, content hash."),
    Column(
        "rejected", f"array<{REJECTED}>", "Rows that could not become events, with their money."
    ),
    Column(
        "revision",
        "bigint",
        "Counts up when rejected rows were delivered after all; the highest is the promise.",
    ),
)

DELIVERIES_PARTITIONS = (Column("asserted_month", "string", "YYYY-MM of `asserted_at`."),)

DELIVERIES_STORED = Table(
    name="deliveries_stored",
    prefix="processed/deliveries/",
    format="parquet",
    columns=(*IDENTITY, *DELIVERY),
    partitions=DELIVERIES_PARTITIONS,
    meaning="DeliveryCompleted events as Firehose wrote them, every assertion and every copy.",
)
