"""Sums of charges by day and by month, and the record of their builds."""

from schemas.tables.model import MONEY, Column, Table

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
