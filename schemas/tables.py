"""The lake's tables as data: one source for Glue, Parquet, SQL and the reference page.

Types are Glue's (Hive's) spelling. A column's meaning is one sentence. Firehose converts every row
of the stream with one Glue table, so `LAKE_ROWS` is the union of what `charges` and `deliveries`
hold; each of the two reads only its own columns from its own prefix.
"""

from dataclasses import dataclass

MONEY = "decimal(38,12)"
"""Every amount in the lake: exact, 26 digits before the point and 12 after it."""
TAGS = "map<string,string>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Glue type, what it means, and the FOCUS name it comes from."""

    name: str
    type: str
    meaning: str
    focus: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One Glue table over a prefix of the lake; partition columns appear only in the path."""

    name: str
    prefix: str
    format: str
    """`parquet`, or `json` for one JSON object per line."""
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    meaning: str


def _focus(name: str, type_: str, meaning: str) -> Column:
    return Column(_snake(name), type_, meaning, name)


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


IDENTITY = (
    Column(
        "delivery_id", "string", "The delivery that brought the row; derived from what it held."
    ),
    Column(
        "ordinal", "bigint", "The row's number over the delivery's files, rejected rows counted."
    ),
    Column("delivery_mode", "string", "`overwrite` replaces its scope, `append` counts at once."),
)

FOCUS = (
    _focus("BillingAccountId", "string", "The payer account."),
    _focus("BillingAccountName", "string", "The payer account's display name."),
    _focus("BillingAccountType", "string", "What the provider calls this kind of payer account."),
    _focus("SubAccountId", "string", "The account the charge belongs to (AWS: linked account)."),
    _focus("SubAccountName", "string", "The sub account's display name."),
    _focus("SubAccountType", "string", "What the provider calls this kind of sub account."),
    _focus("BillingCurrency", "string", "The currency of the costs (ISO 4217)."),
    _focus(
        "BillingPeriodStart", "timestamp", "Start of the period it is billed in, inclusive, UTC."
    ),
    _focus("BillingPeriodEnd", "timestamp", "End of the period it is billed in, exclusive, UTC."),
    _focus("ChargePeriodStart", "timestamp", "Start of the time the cost arose, inclusive, UTC."),
    _focus("ChargePeriodEnd", "timestamp", "End of the time the cost arose, exclusive, UTC."),
    _focus("ChargeCategory", "string", "Usage, Purchase, Tax, Credit or Adjustment."),
    _focus("ChargeClass", "string", "Correction, for a period already invoiced; otherwise null."),
    _focus("ChargeDescription", "string", "The provider's own words."),
    _focus("ChargeFrequency", "string", "One-Time, Recurring or Usage-Based."),
    _focus("BilledCost", MONEY, "What is invoiced (cash view)."),
    _focus("EffectiveCost", MONEY, "Cost with prepayments spread over use (accrual view)."),
    _focus("ListCost", MONEY, "Cost at the public price."),
    _focus("ContractedCost", MONEY, "Cost at the negotiated price, before commitments."),
    _focus("ListUnitPrice", MONEY, "Public price of one pricing unit."),
    _focus("ContractedUnitPrice", MONEY, "Negotiated price of one pricing unit."),
    _focus("PricingCategory", "string", "Standard, Dynamic, Committed or Other."),
    _focus("PricingQuantity", MONEY, "Quantity in pricing units."),
    _focus("PricingUnit", "string", "The unit prices are quoted in."),
    _focus("PricingCurrency", "string", "The currency of the price list."),
    _focus("PricingCurrencyContractedUnitPrice", MONEY, "Negotiated price, pricing currency."),
    _focus("PricingCurrencyEffectiveCost", MONEY, "Effective cost, pricing currency."),
    _focus("PricingCurrencyListUnitPrice", MONEY, "Public price, pricing currency."),
    _focus("ConsumedQuantity", MONEY, "Quantity as metered."),
    _focus("ConsumedUnit", "string", "The unit the quantity is metered in."),
    _focus("ServiceCategory", "string", "FOCUS's category of the service."),
    _focus("ServiceSubcategory", "string", "FOCUS's subcategory of the service."),
    _focus("ServiceName", "string", "The service as the provider names it."),
    _focus("ProviderName", "string", "Who made the service available (FOCUS up to 1.3)."),
    _focus("PublisherName", "string", "Who produced the service (FOCUS up to 1.3)."),
    _focus("InvoiceIssuerName", "string", "Who sends the invoice."),
    _focus("ServiceProviderName", "string", "Who sells the service (FOCUS 1.3)."),
    _focus("HostProviderName", "string", "Whose infrastructure it runs on (FOCUS 1.3)."),
    _focus("InvoiceId", "string", "The invoice; null while the period is open."),
    _focus("InvoiceDetailId", "string", "The line in the Invoice Detail dataset (FOCUS 1.4)."),
    _focus("RegionId", "string", "The region's id."),
    _focus("RegionName", "string", "The region's display name."),
    _focus("AvailabilityZone", "string", "The zone, where the charge is specific to one."),
    _focus("ResourceId", "string", "The resource, where the charge is about one."),
    _focus("ResourceName", "string", "The resource's display name."),
    _focus("ResourceType", "string", "What the provider calls this kind of resource."),
    _focus("SkuId", "string", "The product."),
    _focus("SkuPriceId", "string", "The product at one price."),
    _focus("SkuMeter", "string", "What the product meters."),
    _focus("SkuPriceDetails", "string", "Properties of the price, JSON text as delivered."),
    _focus("CommitmentDiscountId", "string", "The commitment the charge relates to."),
    _focus("CommitmentDiscountName", "string", "The commitment's display name."),
    _focus("CommitmentDiscountCategory", "string", "Spend or Usage."),
    _focus("CommitmentDiscountType", "string", "The provider's label, such as Savings Plan."),
    _focus("CommitmentDiscountStatus", "string", "Used or Unused."),
    _focus("CommitmentDiscountQuantity", MONEY, "Quantity purchased, used or left."),
    _focus("CommitmentDiscountUnit", "string", "The unit of the commitment's quantity."),
    _focus("CommitmentProgramEligibilityDetails", "string", "JSON text as delivered (FOCUS 1.4)."),
    _focus("CapacityReservationId", "string", "The capacity reservation."),
    _focus("CapacityReservationStatus", "string", "Used or Unused."),
    _focus("ContractApplied", "string", "Contract commitments used, JSON text (FOCUS 1.3)."),
    _focus("AllocatedMethodId", "string", "How a shared cost was split (FOCUS 1.3)."),
    _focus("AllocatedMethodDetails", "string", "The split, JSON text as delivered (FOCUS 1.3)."),
    _focus("AllocatedResourceId", "string", "Who a share was allocated to (FOCUS 1.3)."),
    _focus("AllocatedResourceName", "string", "Display name of who it was allocated to."),
    _focus("AllocatedTags", TAGS, "Tags of who a share was allocated to (FOCUS 1.3)."),
    _focus("Tags", TAGS, "Tags as delivered; the case of keys and values is kept."),
)

EXTENSIONS = (
    Column("x_extensions", TAGS, "Columns of the source that FOCUS does not know, by their names."),
)

FINDING = f"struct<rule:string,severity:string,message:string,amount:{MONEY},expected:{MONEY}>"

VERDICTS = (
    Column("rules_version", "string", "The rule set that judged the row."),
    Column("policy_version", "string", "Fingerprint of the policy it was judged by."),
    Column("baseline_version", "string", "Fingerprint of the baseline used; `none` without one."),
    Column("cost_class", "string", "normal, spike, new or unknown."),
    Column("tag_status", "string", "complete, incomplete, missing or exempt."),
    Column("missing_tags", "array<string>", "Required tag keys the row lacks."),
    Column("findings", f"array<{FINDING}>", "What the rules have to say, each with its money."),
)

CHARGES_PARTITIONS = (
    Column("evaluation", "string", "The evaluation whose rules judged the row."),
    Column("billing_period", "string", "YYYY-MM of the billing period's start, UTC."),
    Column("charge_date", "string", "YYYY-MM-DD of the charge period's start, UTC."),
)

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

CHARGES_STORED = Table(
    name="charges_stored",
    prefix="processed/charges/",
    format="parquet",
    columns=IDENTITY + FOCUS + EXTENSIONS + VERDICTS,
    partitions=CHARGES_PARTITIONS,
    meaning="Charge rows as Firehose, replays and compactions wrote them, every copy included.",
)

DELIVERIES_STORED = Table(
    name="deliveries_stored",
    prefix="processed/deliveries/",
    format="parquet",
    columns=(*IDENTITY, *DELIVERY),
    partitions=DELIVERIES_PARTITIONS,
    meaning="DeliveryCompleted events as Firehose wrote them, every assertion and every copy.",
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

SERIES_COLUMNS = (
    Column("billing_account_id", "string", "The payer account."),
    Column("sub_account_id", "string", "The account."),
    Column("service_name", "string", "The service."),
    Column("region_id", "string", "The region."),
)
"""What a daily total is a total of, beside its currency."""

VERSION = Column("version", "string", "The build that the row belongs to; the views show one.")
SUMMED = (
    *SERIES_COLUMNS,
    Column("charge_category", "string", "Usage, Purchase, Tax, Credit or Adjustment."),
    Column("charge_class", "string", "Correction, for a period already invoiced; otherwise null."),
    Column("owner", "string", "The first tag with a value of owner, application, business_unit."),
    Column("billing_currency", "string", "The currency of all amounts of the row."),
    Column("events", "bigint", "Charges."),
    Column("billed_cost", MONEY, "What is invoiced (cash view)."),
    Column("effective_cost", MONEY, "Accrual view; the billed cost where a source gives none."),
    Column("list_cost", MONEY, "Cost at the public price; null where no charge has any."),
    Column("untagged_cost", MONEY, "Effective cost of charges that lack required tags."),
    Column("findings", "bigint", "Findings of the rules."),
)
"""What a summary says of each group, with the group first."""

DAILY_COSTS_STORED = Table(
    name="daily_costs_stored",
    prefix="summaries/daily_costs/",
    format="json",
    columns=(
        VERSION,
        Column("billing_period", "string", "YYYY-MM of the billing period's start, UTC."),
        *SUMMED,
    ),
    partitions=(Column("charge_date", "string", "YYYY-MM-DD of the charge period's start, UTC."),),
    meaning="Sums of charges by day, every build that is kept; ask the view `daily_costs`.",
)

MONTHLY_COSTS_STORED = Table(
    name="monthly_costs_stored",
    prefix="summaries/monthly_costs/",
    format="json",
    columns=(VERSION, *SUMMED),
    partitions=(Column("billing_period", "string", "YYYY-MM of the billing period's start, UTC."),),
    meaning="Sums of charges by month, every build that is kept; ask the view `monthly_costs`.",
)

SUMMARIES = Table(
    name="summaries",
    prefix="state/summaries/",
    format="json",
    columns=(
        Column("summary", "string", "`daily_costs` or `monthly_costs`."),
        Column("period", "string", "Its charge date, or its billing period."),
        Column("version", "string", "The build that the views show: a hash of what it says."),
        Column(
            "built_from", "string", "Hash of what it was made from; another one makes it stale."
        ),
        Column("built_at", "string", "When, ISO 8601, UTC."),
        Column("events", "bigint", "Charges it sums up."),
        Column("replaced", "string", "The build that was shown before; empty for a first one."),
    ),
    partitions=(),
    meaning="Which build of each summary is shown; written by the summaries job, whole.",
)

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

ACTIVE_EVALUATION = Table(
    name="active_evaluation",
    prefix="state/active_evaluation/",
    format="json",
    columns=(Column("evaluation", "string", "The evaluation that the views show."),),
    partitions=(),
    meaning="The one evaluation that the views show.",
)

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

AMOUNTS = tuple(c.name for c in FOCUS if c.type == MONEY)
"""The money and quantity columns, in table order; each is summed per delivery, day and currency."""

PRICED_IN_PRICING_CURRENCY = frozenset(
    {
        "pricing_currency_contracted_unit_price",
        "pricing_currency_effective_cost",
        "pricing_currency_list_unit_price",
    }
)
"""Amounts whose currency is `pricing_currency`; all others are in `billing_currency`."""
