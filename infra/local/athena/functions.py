"""The functions a query may call: those whose answer here is Athena's, by test.

A whitelist is also the lock on the door: DuckDB's own functions (files, settings, other SQL) are
not in it, so a query cannot reach them.
"""

from sqlglot import exp

from infra.local.athena.errors import FunctionNotFoundError, NotSupportedError, close_to

AGGREGATE = """
    count sum avg min max count_if arbitrary any_value bool_and bool_or max_by min_by array_agg
    map_agg approx_distinct approx_percentile stddev stddev_samp stddev_pop variance var_samp
    var_pop listagg grouping
"""
WINDOW = """
    row_number rank dense_rank ntile lag lead first_value last_value nth_value percent_rank
    cume_dist
"""
CONDITION = "coalesce nullif if greatest least try"
TEXT = """
    length lower upper trim ltrim rtrim substr substring concat replace reverse split split_part
    strpos starts_with lpad rpad chr regexp_like regexp_replace regexp_extract
"""
NUMBER = "abs ceil ceiling floor round mod power pow sqrt exp ln log10"
TIME = """
    date date_trunc date_add date_diff date_parse date_format format_datetime year month day quarter
    week week_of_year day_of_week dow day_of_month day_of_year doy hour minute second
    last_day_of_month from_unixtime to_unixtime from_iso8601_timestamp from_iso8601_date to_iso8601
    now sequence
"""
NESTED = """
    cardinality element_at contains array_join array_distinct array_sort array_max array_min
    flatten transform filter reduce any_match all_match none_match map map_keys map_values
    map_entries map_from_entries map_filter row unnest
"""
JSON = "json_extract json_extract_scalar json_parse json_format"

KNOWN = frozenset(
    " ".join((AGGREGATE, WINDOW, CONDITION, TEXT, NUMBER, TIME, NESTED, JSON)).split()
)

_NEXT = "Use a function that Athena has and the local engine knows."

REFUSED = {
    "format": "write the text with || and cast",
    "typeof": "its type names differ; the result's column types are in the answer",
    "parse_datetime": "use date_parse",
    "truncate": "use round or floor",
    "random": "an answer here must repeat",
    "rand": "an answer here must repeat",
    "shuffle": "an answer here must repeat",
    "uuid": "an answer here must repeat",
}
"""Functions of Athena that are refused, and what to do instead."""

_WITHOUT_POSITION: dict[type[exp.Expr], str] = {
    exp.ArgMax: "max_by",
    exp.ArgMin: "min_by",
    exp.GroupConcat: "listagg",
    exp.Trim: "trim",
    exp.Substring: "substring",
    exp.Chr: "chr",
    exp.Ceil: "ceil",
    exp.Floor: "floor",
    exp.If: "",
    exp.StrPosition: "position",
    exp.Extract: "extract",
    exp.Unnest: "unnest",
    exp.Cast: "",
    exp.Case: "case",
    exp.Connector: "",
    exp.Exists: "exists",
    exp.Array: "array",
    exp.CurrentDate: "current_date",
    exp.CurrentTimestamp: "current_timestamp",
}
"""Calls for which sqlglot keeps no position, and the word that must be in the text for them."""


def check_functions(tree: exp.Expr, sql: str) -> None:
    """Refuse every call that is not to a known function.

    Args:
        tree: what `sql` parsed to.
        sql: the text itself; a call is judged by its spelling, not by what sqlglot made of it.

    Raises:
        FunctionNotFoundError: it is not a function of Athena, or none that is known here.
        NotSupportedError: it is, and its answer here would differ.
    """
    for call in tree.find_all(exp.Func):
        start, end = call.meta.get("start"), call.meta.get("end")
        if start is None or end is None:
            words = [word for kind, word in _WITHOUT_POSITION.items() if isinstance(call, kind)]
            if not any(word in sql.lower() for word in words):
                raise FunctionNotFoundError(
                    f"{call.sql('trino')} is not syntax of Athena that is known here",
                    "Write it with Athena's own functions.",
                )
            continue
        name = sql[start : end + 1].strip('"').lower()
        if name in REFUSED:
            raise NotSupportedError(
                f"{name}() is not answered locally", f"Instead: {REFUSED[name]}."
            )
        if name not in KNOWN:
            raise FunctionNotFoundError(
                f"line {call.meta['line']}:{call.meta['col'] - len(name) + 1}: "
                f"Function '{name}' not registered",
                f"{close_to(name, KNOWN)}{_NEXT}",
            )
