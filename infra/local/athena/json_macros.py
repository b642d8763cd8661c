"""DuckDB macros for JSON as Trino prints it: its digits, its keys in order, its numbers in Java."""

_STRING = r'"(?:[^"\\]|\\.)*"'

JSON_MACROS = (
    # Numbers in quotes, so that DuckDB hands over their digits and not the nearest double. A match
    # is what stands before a number, strings whole, and the number. The last match ends the text:
    # a blank keeps it from being empty, and its `""` is taken off again.
    rf"""athena_json_quoted(j) AS
        left(regexp_replace(CAST(j AS VARCHAR) || ' ',
            '((?:{_STRING}|[^"0-9-])*)(-?[0-9][0-9.eE+-]*|$)', '\1"\2"', 'g'), -2)""",
    "athena_json_type(j, path) AS json_type(CASE WHEN json_valid(j) THEN j END, path)",
    """athena_json_scalar(j, path) AS
        CASE WHEN json_valid(j) THEN
            CASE WHEN athena_json_type(j, path) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL
                 WHEN athena_json_type(j, path) IN ('VARCHAR', 'BOOLEAN', 'UBIGINT') THEN j ->> path
                 ELSE athena_json_quoted(j) ->> path END END""",
    # Numbers alone and one colon for each key: JSON without its strings.
    rf"""athena_json_skeleton(j) AS regexp_replace(CAST(j AS VARCHAR), '{_STRING}', '', 'g')""",
    # Refused: numbers that Java writes with an exponent, and letters that it escapes.
    r"""athena_json_plain(j) AS
        CASE WHEN regexp_matches(athena_json_skeleton(j),
                '[0-9][eE]|[0-9]{8}[0-9]*[.]|(?:^|[^0-9])0[.]000|NaN|Inf')
              OR regexp_matches(CAST(j AS VARCHAR), '[\x{10000}-\x{10FFFF}]')
             THEN error('JSON that Java spells its own way: ' || left(CAST(j AS VARCHAR), 100))
             ELSE j END""",
    # The keys of one object; more objects with several keys are refused.
    """athena_json_sorted(j) AS
        CASE WHEN j IS NULL THEN NULL
             WHEN len(string_split(athena_json_skeleton(j), ':')) - 1
                - CASE json_type(j) WHEN 'OBJECT' THEN len(json_keys(j)) ELSE 0 END > 1
             THEN error('Keys inside nested JSON are not sorted locally')
             WHEN json_type(j) = 'OBJECT' THEN to_json(map_from_entries(list_sort(map_entries(
                CAST(j AS MAP(VARCHAR, JSON))))))
             ELSE j END""",
    # What a cast to varchar gives; try_cast, which is not strict, gives NULL for the failures.
    """athena_json_text(j, strict) AS
        CASE json_type(j)
             WHEN 'DOUBLE' THEN error('JSON number ' || CAST(j AS VARCHAR)
                || ' as varchar has a text of Java''s own')
             WHEN 'OBJECT' THEN CASE WHEN strict THEN error('JSON object as varchar') END
             WHEN 'ARRAY' THEN CASE WHEN strict THEN error('JSON array as varchar') END
             ELSE json_extract_string(j, '$') END""",
    """athena_json_pair(name, text) AS
        CAST(to_json(CAST(name AS VARCHAR)) AS VARCHAR) || ':' || text""",
    "athena_json_array(texts) AS '[' || array_to_string(texts, ',') || ']'",
    "athena_json_object(texts) AS '{' || array_to_string(texts, ',') || '}'",
    # Java's BigDecimal.toString: an exponent where more than five zeros follow the point.
    """athena_java_small(text, digits, exponent) AS
        CASE WHEN exponent >= -6 THEN text
             ELSE CASE WHEN starts_with(text, '-') THEN '-' ELSE '' END || left(digits, 1)
                || CASE WHEN len(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END
                || 'E' || exponent END""",
    """athena_java_digits(text, scale, digits) AS athena_java_small(
        text, CASE WHEN digits = '' THEN '0' ELSE digits END,
        greatest(len(digits), 1) - 1 - scale)""",
    """athena_json_decimal(x, scale) AS
        CASE WHEN x IS NULL THEN NULL
             WHEN abs(x) >= 0.000001 THEN CAST(x AS VARCHAR)
             ELSE athena_java_digits(CAST(x AS VARCHAR), scale,
                ltrim(replace(CAST(x AS VARCHAR), '.', ''), '-0')) END""",
    """athena_json_double(x) AS
        CASE WHEN x IS NULL THEN NULL
             WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN CAST(x AS VARCHAR)
             ELSE error('JSON of a double that Java writes with an exponent: '
                || CAST(x AS VARCHAR)) END""",
)
