"""The reference page of the query library, from the queries' own descriptions."""

from infra.athena.library import LibraryQuery, library
from infra.athena.price import LEAST_MEGABYTES, USD_PER_TERABYTE

_PERIODS = {
    "charge": "charge period: when the cost arose",
    "billing": "billing period: where it is billed",
}


def queries_page() -> str:
    """Return the page."""
    lines = [
        "# Queries\n",
        "Generated from `infra/athena/queries/library`. Ask one by `finops query NAME --param "
        "KEY=VALUE`, in Athena's console among the saved queries, or by `EXECUTE NAME USING ...`: "
        "the parameters in the order below, texts, days and months in single quotes. "
        "[How to ask the lake](../how-to/ask-the-lake.md) shows each.\n",
        "Money of different currencies is never added: every row has its currency. Tax is left out "
        "where a query does not say otherwise; credits and refunds are negative cost. Effective "
        "cost is the billed one where a source gives none. Athena bills "
        f"{USD_PER_TERABYTE} USD a terabyte scanned, and {LEAST_MEGABYTES} MB at least for each "
        "query; every query names the days or billing periods it reads, and reads no other.\n",
        "| query | question |\n| --- | --- |",
    ]
    lines += [f"| [{q.name}](#{q.name}) | {q.question} |" for q in library().values()]
    return "\n".join(lines) + "\n\n" + "\n".join(map(_query, library().values()))


def _query(query: LibraryQuery) -> str:
    parts = [f"## {query.name}\n", f"{query.question} {query.note}".rstrip() + "\n"]
    measure = f"Measure: {query.measure}. By {_PERIODS[query.period]}."
    parts.append(f"{measure} Reads {', '.join(f'`{name}`' for name in query.reads)}.\n")
    parts.append("| parameter | type | default | example | meaning |")
    parts.append("| --- | --- | --- | --- | --- |")
    parts += [
        f"| {p.name} | {p.type} | {'' if p.default is None else p.default} | {p.example} "
        f"| {p.meaning} |"
        for p in query.parameters
    ]
    columns = ", ".join(f"{name} `{kind}`" for name, kind in query.columns)
    parts.append(f"\nColumns: {columns}.\n")
    parts.append(f"```sql\n{query.sql}\n```\n")
    return "\n".join(parts)
