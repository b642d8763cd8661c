"""Prefix expressions and their rules (§4.2)."""

import re
from datetime import UTC, datetime
from random import Random

import pytest

from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.time_pattern import TimePattern

MOMENT = datetime(2018, 8, 7, 3, 5, 9, tzinfo=UTC)


def evaluate(prefix: Prefix, error_type: str = "") -> str:
    """Evaluate at the moment of the tests."""
    return prefix.evaluate(MOMENT, Identifiers(Random(1)), error_type)


@pytest.mark.fact("timestamp-pattern")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy/MM/dd/HH", "2018/08/07/03"),
        ("yyyy-MM-dd'T'HH:mm:ss", "2018-08-07T03:05:09"),
        ("'year='yyyy'/month='MM'/day='dd'/hour='HH", "year=2018/month=08/day=07/hour=03"),
        ("''yyyy''", "'2018'"),
        ("'it''s 'yyyy", "it's 2018"),
        ("'%Y'yyyy", "%Y2018"),
    ],
)
def test_time_patterns_are_javas(pattern: str, expected: str) -> None:
    """Letters are fields, quoted text is itself."""
    assert TimePattern.parse(pattern).format(MOMENT) == expected


@pytest.mark.parametrize("pattern", ["", "YYYY", "yyy", "M", "bogus", "'open", "{yyyy}", "[yyyy]"])
def test_other_patterns_are_refused(pattern: str) -> None:
    """No letter is taken to mean something it may not mean in Java."""
    with pytest.raises(ValueError):
        TimePattern.parse(pattern)


@pytest.mark.fact("hour-is-added")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "2018/08/07/03/"),
        ("legacy", "legacy2018/08/07/03/"),
        ("plain/", "plain/2018/08/07/03/"),
        ("y=!{timestamp:yyyy}/", "y=2018/"),
        ("!{timestamp:yyyy}/!{timestamp:ss}", "2018/09"),
    ],
)
def test_the_hour_is_added_only_without_expressions(text: str, expected: str) -> None:
    """A plain prefix gets the hour, without a slash between; any expression turns that off."""
    assert evaluate(Prefix.parse(text, "Prefix").with_time()) == expected


@pytest.mark.fact("random-string")
def test_a_random_string_is_new_each_time() -> None:
    """Each instance is 11 alphanumerics of its own, and switches the hour off."""
    text = evaluate(
        Prefix.parse("!{firehose:random-string}/!{firehose:random-string}", "Prefix").with_time()
    )
    match = re.fullmatch(r"([a-zA-Z0-9]{11})/([a-zA-Z0-9]{11})", text)
    assert match and match[1] != match[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e/!{firehose:error-output-type}/!{timestamp:yyyy}/", "e/processing-failed/2018/"),
        ("e/", "e/processing-failed/2018/08/07/03/"),
        ("", "processing-failed/2018/08/07/03/"),
    ],
)
def test_error_prefixes_name_the_type(text: str, expected: str) -> None:
    """Where the prefix does not say it, the type and the hour are added."""
    prefix = Prefix.parse(text, "ErrorOutputPrefix").with_error_type()
    assert evaluate(prefix, "processing-failed") == expected


def test_equal_texts_are_one_partition() -> None:
    """Two ways to the same evaluated prefix make one buffer."""
    prefix = Prefix.parse("!{partitionKeyFromLambda:a}!{partitionKeyFromLambda:b}/", "Prefix")
    one, other = prefix.bind({"a": "x", "b": "yz"}), prefix.bind({"a": "xy", "b": "z", "c": "?"})
    assert one == other
    assert evaluate(one) == "xyz/"


@pytest.mark.fact("partition-key-unusable")
@pytest.mark.parametrize("keys", [{}, {"k": ""}, {"k": None}, {"k": 1}, {"K": "a"}])
def test_a_key_must_be_text(keys: dict[str, object]) -> None:
    """A missing, empty or non-text key makes no partition."""
    with pytest.raises(ValueError, match="must not be null or empty"):
        Prefix.parse("!{partitionKeyFromLambda:k}/", "Prefix").bind(keys)


@pytest.mark.fact("timestamp-pattern")
def test_a_bad_pattern_is_named_in_the_services_words() -> None:
    """The message says in which setting it is."""
    with pytest.raises(InvalidArgumentError) as refusal:
        Prefix.parse("!{timestamp:bogus}", "ErrorOutputPrefix")
    assert refusal.value.message == (
        "Invalid conversion character used in the value of the expression in ErrorOutputPrefix"
    )


def test_a_field_that_only_java_writes_is_not_called_invalid() -> None:
    """What the service may accept is refused as not supported here."""
    with pytest.raises(UnsupportedLocallyError, match="letters 'YYYY' in a timestamp of Prefix"):
        Prefix.parse("!{timestamp:YYYY}", "Prefix")


@pytest.mark.fact("prefix-length")
def test_a_literal_prefix_may_have_512_characters() -> None:
    """The hour that is added does not count; what is evaluated does."""
    literal = "/".join(["x" * 127] * 4) + "/"
    Prefix.parse(literal, "Prefix").with_time().check(Identifiers(Random(1)))
    for text in (literal + "y", literal[:-1] + "!{timestamp:ss}"):
        with pytest.raises(ValueError, match="longer than 512"):
            Prefix.parse(text, "Prefix").with_time().check(Identifiers(Random(1)))
