"""Functions of Athena that DuckDB lacks or answers otherwise, written in its own SQL."""

import re

from infra.local.athena.json_macros import JSON_MACROS

FAILED = "athena: "
"""What an error of ours begins with, within DuckDB's."""
MACROS = (
    # A decimal's digits without the point: exact, where DuckDB's own casts would round.
    "athena_digits(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT)",
    "athena_half_up(n, d) AS n // d + CASE WHEN n % d >= d - n % d THEN 1 ELSE 0 END",
    # round_half_up(n * shift / d) by long division: only the remainder is multiplied, and DuckDB
    # raises an error where that leaves 128 bits.
    """athena_divide(n, d, shift) AS
        CASE WHEN (n < 0) = (d < 0) THEN 1 ELSE -1 END
        * (abs(n) // abs(d) * CAST(shift AS HUGEINT)
           + athena_half_up(abs(n) % abs(d) * CAST(shift AS HUGEINT), abs(d)))""",
    # Athena casts only whole numbers to integers; DuckDB would round '1.5' to 2.
    r"""athena_whole(x) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, '\s*[+-]?[0-9]+\s*') THEN x
             ELSE x || ' is not a whole number' END""",
    """athena_contains(a, x) AS
        CASE WHEN a IS NULL OR x IS NULL THEN NULL
             WHEN list_contains(a, x) THEN TRUE
             WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL
             ELSE FALSE END""",
    """athena_any(a, verdicts) AS
        CASE WHEN a IS NULL THEN NULL
             WHEN list_contains(verdicts, TRUE) THEN TRUE
             WHEN len(list_filter(verdicts, lambda v: v IS NULL)) > 0 THEN NULL
             ELSE FALSE END""",
    # A cast that fails is an error that TRY takes, and error() is none.
    f"athena_fail(x) AS CAST('{FAILED}' || x AS BIGINT)",
    # Without an order DuckDB keeps none, and no NULL. By sorting: a look at all that stand before
    # each element would take the square of their number.
    """athena_firsts(pairs) AS
        list_sort(list_transform(
            list_filter(list_zip(pairs, list_prepend(NULL, pairs), true),
                        lambda p: p[2] IS NULL OR p[1][1] IS DISTINCT FROM p[2][1]),
            lambda p: p[1][2]))""",
    """athena_distinct(a) AS
        list_select(a, athena_firsts(list_sort(list_zip(a, range(1, len(a) + 1)))))""",
    "athena_extreme(a, found) AS CASE WHEN list_count(a) = len(a) THEN found END",
    """athena_same(a, b) AS
        CASE WHEN a IS NULL OR b IS NULL THEN NULL
             WHEN len(a) <> len(b) THEN FALSE
             WHEN len(list_filter(list_zip(a, b), lambda p: p[1] <> p[2])) > 0 THEN FALSE
             WHEN list_count(a) < len(a) OR list_count(b) < len(b) THEN NULL
             ELSE TRUE END""",
    """athena_index(i) AS
        CASE WHEN i = 0 THEN athena_fail('SQL array indices start at 1') ELSE i END""",
    """athena_part(i) AS
        CASE WHEN i < 1 THEN athena_fail('Index must be greater than zero') ELSE i END""",
    """athena_delimiter(d) AS
        CASE WHEN d = '' THEN athena_fail('The delimiter may not be the empty string')::VARCHAR
             ELSE d END""",
    # The last of so many parts is all that is left.
    """athena_pieces(parts, d, n) AS
        CASE WHEN parts IS NULL OR d IS NULL OR n IS NULL THEN NULL
             WHEN n < 1 THEN [athena_fail('Limit must be positive')::VARCHAR]
             WHEN len(parts) <= n THEN parts
             ELSE list_append(parts[:n - 1], array_to_string(parts[n:], d)) END""",
    # Java knows no capital of ß that is one letter; DuckDB writes U+1E9E.
    """athena_upper(x) AS
        CASE WHEN contains(x, 'ß')
             THEN array_to_string(list_transform(string_split(x, 'ß'), lambda p: upper(p)), 'ß')
             ELSE upper(x) END""",
    # How many steps a sequence makes, if it is one: Trino refuses what leads away, and long ones.
    """athena_steps(up, down, n) AS
        CASE WHEN up IS NULL OR down IS NULL THEN NULL
             WHEN NOT (up OR down)
             THEN athena_fail('sequence stop value does not lie in the direction of its step')
             WHEN n > 9999
             THEN athena_fail('result of sequence function must not have more than 10000 entries')
             ELSE n END""",
    """athena_numbers(a, b, s) AS
        list_transform(
            range(0, 1 + athena_steps(s > 0 AND a <= b, s < 0 AND a >= b, (b - a) // s)),
            lambda i: CAST(a + i * s AS BIGINT))""",
    # Months are added to the first: what is cut at a month's end does not stay cut.
    """athena_months(a, b, s, n) AS
        list_transform(
            range(0, 1 + athena_steps(n > 0 AND a <= b, n < 0 AND a >= b,
                                      date_sub('month', a, b) // n)),
            lambda i: a + CAST(i AS INTEGER) * s)""",
    """athena_moments(a, b, n) AS
        list_transform(
            range(0, 1 + athena_steps(n > 0 AND a <= b, n < 0 AND a >= b,
                                      (epoch_us(b) - epoch_us(a)) // n)),
            lambda i: a + to_microseconds(i * n))""",
    # Java's $ matches at the end and before a newline there; DuckDB's only at the end.
    """athena_like(x, p) AS
        regexp_matches(x, p) OR (suffix(x, chr(10)) AND regexp_matches(left(x, -1), p))""",
    """athena_one_end(x) AS
        CASE WHEN suffix(x, chr(10))
             THEN athena_fail('$ of a text that ends with a newline is not answered locally')
                  ::VARCHAR
             ELSE x END""",
    """athena_unpadded(x) AS
        CASE WHEN starts_with(x, ' ')
             THEN athena_fail('Invalid format: ' || x)::VARCHAR ELSE x END""",
    # Trino's instants have milliseconds.
    """athena_instant(x) AS
        epoch_ms(CAST(floor(CAST(x AS DOUBLE) * 1000 + 0.5) AS BIGINT)) AT TIME ZONE 'UTC'""",
    """athena_replace(x, y, z) AS
        CASE WHEN y = '' THEN regexp_replace(x, '', replace(z, '\', '\\'), 'g')
             ELSE replace(x, y, z) END""",
    """athena_size(n) AS
        CAST(CASE WHEN n < 0 THEN athena_fail('Target length must not be negative') ELSE n END
             AS INTEGER)""",
    # Text that both engines read alike, or a text on which DuckDB's cast fails, too.
    """athena_read(x, pattern, what) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, pattern) THEN x
             ELSE x || ' is not ' || what END""",
    # For try_cast, whose NULL would be wrong for what Trino reads and DuckDB does not.
    """athena_try_read(x, pattern, what, doubtful) AS
        CASE WHEN x IS NULL OR regexp_full_match(x, pattern) THEN x
             WHEN regexp_full_match(x, doubtful)
             THEN error(x || ' is not read as ' || what || ' locally')
             ELSE x || ' is not ' || what END""",
    """athena_fitting(x, size, strict) AS
        CASE WHEN length(x) <= size THEN x
             WHEN strict AND x IS NOT NULL
             THEN error(x || ' cannot be represented as varchar(' || size || ')') END""",
    *JSON_MACROS,
)
_NAMED = {macro.partition("(")[0]: macro for macro in MACROS}
_NAME = re.compile(r"\bathena_\w+")


def used_macros(sql: str) -> list[str]:
    """Return those that a query needs, also through others: to make all takes twice as long.

    Args:
        sql: the query as DuckDB is asked it; sqlglot writes names of functions in capitals.
    """
    used: set[str] = set()
    pending = set(_NAME.findall(sql.lower()))
    while pending:
        used |= pending
        pending = {
            name for macro in pending & _NAMED.keys() for name in _NAME.findall(_NAMED[macro])
        } - used
    return [macro for name, macro in _NAMED.items() if name in used]
