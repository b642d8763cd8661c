"""Where Trino and DuckDB would answer differently: one small function per difference.

A rewrite takes a typed node of one class and returns what to write instead, or None where the node
is already right. They run from the leaves up, so a rewrite sees its operands already rewritten.
"""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from infra.local.athena.rewrites import (
    arguments,
    arrays,
    casts,
    checks,
    decimals,
    json_values,
    maps,
    nested,
    patterns,
    sequences,
    text,
    times,
    zones,
)
from infra.local.athena.rewrites.aggregates import WRAPPERS

Rewrite = Callable[[Any], exp.Expr | None]

REWRITES: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Rewrite], ...] = (
    (checks.COMPARISONS, checks.comparable),
    (checks.TEXT_OPERATORS, checks.joins_text_only),
    (checks.ARITHMETIC, checks.calculates_with_numbers),
    (checks.MEETINGS, checks.one_scale),
    (checks.CHOICES, checks.one_family),
    (arguments.OF_TEXT, arguments.of_text),
    (arguments.OF_NUMBERS, arguments.of_numbers),
    (arguments.OF_TIMES, arguments.of_times),
    (arguments.ON_DATES, arguments.days_of_dates),
    (exp.Interval, times.months_are_added_only),
    (exp.FromISO8601Timestamp, zones.in_utc),
    (checks.COMPARISONS, nested.compared),
    ((exp.Max, exp.Min), arrays.one_extreme),
    (exp.Div, decimals.quotient),
    ((exp.Avg, *WRAPPERS), decimals.average),
    ((exp.Sum, exp.CountIf, *WRAPPERS), decimals.integer_sum),
    ((exp.Round, exp.Floor, exp.Ceil, exp.Mod), decimals.keep_scale),
    (exp.Grouping, decimals.grouping),
    (exp.ApproxQuantile, decimals.percentile),
    (exp.Cast, casts.to_text),
    (exp.Cast, casts.to_integer),
    (exp.Cast, casts.to_decimal),
    (exp.Cast, casts.from_text),
    (exp.Date, casts.date_of_text),
    (exp.Try, casts.tried_cast),
    (exp.Cast, json_values.to_json),
    (exp.JSONFormat, json_values.json_format),
    ((exp.ParseJSON, exp.JSONExtract), json_values.printed),
    (exp.StrToTime, times.parsed_time),
    (exp.Bracket, maps.subscript),
    (exp.ArraySize, maps.cardinality),
    (exp.Anonymous, maps.map_filter),
    ((exp.Anonymous, *WRAPPERS), maps.map_agg),
    (exp.ArrayContains, arrays.contains),
    (exp.Anonymous, arrays.matching),
    (exp.ArrayToString, arrays.joined),
    (exp.GroupConcat, arrays.listed),
    (exp.ArrayDistinct, arrays.distinct),
    ((exp.ArrayMax, exp.ArrayMin), arrays.extreme),
    (exp.GenerateSeries, sequences.sequence),
    (exp.Reverse, arrays.reversed_),
    (exp.Reduce, arrays.reduced),
    ((exp.ArgMax, exp.ArgMin), arrays.value_at_extreme),
    (exp.Trim, text.trimmed),
    (exp.Upper, text.upper),
    (exp.Split, text.split),
    (exp.SplitPart, text.split_part),
    (exp.RegexpLike, patterns.like),
    (exp.RegexpExtract, patterns.extract),
    (exp.RegexpReplace, patterns.replace),
    (exp.Substring, text.substring),
    (exp.Replace, text.replaced),
    (exp.Pad, text.padded),
    (exp.JSONExtractScalar, text.json_extract_scalar),
    ((exp.DateAdd, exp.Add, exp.Sub), times.shifted),
    ((exp.TimestampTrunc, exp.DateTrunc), times.truncated),
    (exp.CurrentTimestamp, times.now_in_milliseconds),
    (exp.DateDiff, times.whole_units),
    (exp.UnixToTime, times.instant),
    (exp.AtTimeZone, zones.at_time_zone),
    (exp.Extract, times.extracted),
    (exp.Anonymous, times.to_iso8601),
    (exp.TimeToStr, times.date_format),
    (exp.Anonymous, times.format_datetime),
)


def apply_rewrites(tree: exp.Query) -> exp.Query:
    """Return the tree with every rewrite done; types of rewritten nodes stay as they were."""
    for node in reversed(list(tree.walk())):
        for kind, rewrite in REWRITES:
            if not isinstance(node, kind):
                continue
            new = rewrite(node)
            if new is not None:
                new.type = node.type
                node.replace(new)
                break
    return tree
