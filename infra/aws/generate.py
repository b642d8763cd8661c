"""Write what is generated into the template: `python -m infra.aws.generate`.

The Glue tables of `schemas.tables`, the query library of `infra.athena`, and the alarms and the
dashboard of `infra.aws.monitoring`. CloudFormation has no include for a local file, so each is a
block between two marker lines, and a test compares them with what this module would write.
"""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from infra.aws.errors import TemplateError
from infra.aws.monitoring.alarms import alarms
from infra.aws.monitoring.dashboard import dashboard_body
from infra.aws.monitoring.facts import facts_of
from infra.aws.monitoring.render import alarms_yaml, dashboard_yaml
from infra.aws.queries import queries_yaml
from infra.aws.template import TEMPLATE, load_template
from schemas.lake import FIRST_DATE, LAST_DATE
from schemas.tables import LAKE_ROWS, TABLES, Column, Table

BEGIN = "  # --- generated from schemas/tables; to renew: python -m infra.aws.generate ---\n"
END = "  # --- end of what is generated ---\n"
BEGIN_MONITORING = (
    "  # --- generated from infra/aws/monitoring; to renew: python -m infra.aws.generate ---\n"
)
END_MONITORING = "  # --- end of the generated alarms ---\n"
BEGIN_QUERIES = (
    "  # --- generated from infra/athena/queries; to renew: python -m infra.aws.generate ---\n"
)
END_QUERIES = "  # --- end of the generated queries ---\n"

_WIDTH = 100
_FORMATS = {
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
}
"""Input format, output format and SerDe of a table's format, as Athena's user guide pairs them."""

_MONTHS = {
    "type": "date",
    "format": "yyyy-MM",
    "range": f'"{FIRST_DATE[:7]},{LAST_DATE[:7]}"',
    "interval": '"1"',
    "interval.unit": "MONTHS",
}
_DAYS = {
    **_MONTHS,
    "format": "yyyy-MM-dd",
    "range": f'"{FIRST_DATE},{LAST_DATE}"',
    "interval.unit": "DAYS",
}
_PROJECTIONS = {
    # An injected column would need a literal in every query, and the views have a subquery.
    "evaluation": {"type": "enum", "values": '!Join [",", !Ref Evaluations]'},
    "billing_period": _MONTHS,
    "charge_date": _DAYS,
    "asserted_month": _MONTHS,
}


def tables_block() -> str:
    """Return the YAML of every Glue table, markers included."""
    return BEGIN + "".join(_table(table) for table in (LAKE_ROWS, *TABLES)) + END


def monitoring_block(template: Path) -> str:
    """Return the YAML of every alarm and of the dashboard, markers included.

    Raises:
        TemplateError: the template lacks a part that they are made from.
    """
    facts = facts_of(load_template(template))
    every = alarms(facts)
    dashboard = dashboard_yaml(dashboard_body(every, facts))
    return BEGIN_MONITORING + alarms_yaml(every) + dashboard + END_MONITORING


def queries_block() -> str:
    """Return the YAML of every saved query and prepared statement, markers included."""
    return BEGIN_QUERIES + queries_yaml() + END_QUERIES


def with_tables(template: str) -> str:
    """Return the template's text with its tables renewed.

    Raises:
        TemplateError: The text does not hold the two marker lines once each, in order.
    """
    return _with_block(template, BEGIN, tables_block(), END)


def renewed(template: Path) -> str:
    """Return the text of a template file with all that is generated renewed.

    Raises:
        TemplateError: marker lines are missing, or a part that alarms are made from.
    """
    text = with_tables(template.read_text("utf-8"))
    text = _with_block(text, BEGIN_QUERIES, queries_block(), END_QUERIES)
    return _with_block(text, BEGIN_MONITORING, monitoring_block(template), END_MONITORING)


def _with_block(template: str, begins: str, block: str, ends: str) -> str:
    before, begin, rest = template.partition(begins)
    _, end, after = rest.partition(ends)
    if not begin or not end or begins in rest or ends in after:
        raise TemplateError(
            "the template lacks the two marker lines; put them back where they were"
        )
    return before + block + after


def main(template: Path = TEMPLATE) -> int:
    """Renew what is generated, in place."""
    text = renewed(template)
    changed = text != template.read_text("utf-8")
    if changed:
        template.write_text(text, "utf-8")
    print(f"{template.name}: {'renewed' if changed else 'up to date'}")
    return 0


def _table(table: Table) -> str:
    name = "".join(part.capitalize() for part in table.name.split("_"))
    input_format, output_format, serde = _FORMATS[table.format]
    lines = [
        f"  {name}Table:",
        "    Type: AWS::Glue::Table",
        "    Properties:",
        "      CatalogId: !Ref AWS::AccountId",
        "      DatabaseName: !Ref GlueDatabase",
        "      TableInput:",
        f"        Name: {table.name}",
        f"        Description: {_quoted(table.meaning)}",
        "        TableType: EXTERNAL_TABLE",
        *_columns("        PartitionKeys", table.partitions),
        "        Parameters:",
        *(f"          {key}: {value}" for key, value in _parameters(table)),
        "        StorageDescriptor:",
        f"          Location: !Sub s3://${{Lake}}/{table.prefix}",
        f"          InputFormat: {input_format}",
        f"          OutputFormat: {output_format}",
        f"          SerdeInfo: {{SerializationLibrary: {serde}}}",
        *_columns("          Columns", table.columns),
    ]
    return "\n".join(lines) + "\n"


def _columns(key: str, columns: tuple[Column, ...]) -> Iterator[str]:
    """Yield a flow list, as many columns a line as fit: the tables are long enough as it is."""
    if not columns:
        return
    yield f"{key}:"
    margin = " " * (len(key) - len(key.lstrip()) + 2)
    # A column is one word to the wrapper: NUL stands for the blanks in it.
    words = [f"{{Name:\0{c.name},\0Type:\0{_quoted(c.type)}}}" for c in columns]
    text = textwrap.fill(
        "[" + ", ".join(words) + "]",
        _WIDTH,
        initial_indent=margin,
        subsequent_indent=margin + " ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield text.replace("\0", " ")


def _parameters(table: Table) -> Iterator[tuple[str, str]]:
    yield "classification", table.format
    if not table.partitions:
        return
    yield "projection.enabled", '"true"'
    for column in table.partitions:
        for key, value in _PROJECTIONS[column.name].items():
            yield f"projection.{column.name}.{key}", value
    path = "/".join(f"{c.name}=${{!{c.name}}}" for c in table.partitions)
    yield "storage.location.template", f"!Sub s3://${{Lake}}/{table.prefix}{path}/"


def _quoted(text: str) -> str:
    return text if text.isalnum() else '"' + text.replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.exit(main())
