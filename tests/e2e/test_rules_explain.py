"""`finops rules explain`: the event, the facts, each rule's verdict, and the row's own word."""

from datetime import date

from tests import samples
from tests.e2e.conftest import Finops, Lake
from transforms.baseline_builder import build_baseline
from transforms.baseline_store import publish

EVENT = (
    "select event_id, cost_class, tag_status from charges "
    "where charge_category = 'Usage' and charge_date = '2024-09-30' and tag_status = 'missing' "
    "order by billed_cost desc limit 1"
)


def test_every_rule_says_what_it_read(lake: Lake, finops: Finops) -> None:
    """The inputs, the policy's values, the baseline's; and the row says the same."""
    lake.ingest(samples.REAL)
    (row,) = lake.rows(EVENT)
    text = finops("rules", "explain", row["event_id"])
    assert text.code == 0, text.err
    assert "none serves the date" in text.out
    assert "tags.required=[application, business_unit, environment]" in text.out
    assert "the row says the same" in text.out
    found = finops("rules", "explain", row["event_id"], "--json").json
    assert [v["rule"] for v in found["verdicts"]] == [
        "classify_cost", "validate_tags", "find_low_value",
    ]  # fmt: skip
    tags = found["verdicts"][1]
    assert (tags["tag_status"], found["stored"]["tag_status"]) == ("missing", "missing")
    assert tags["read"]["policy"]["tags.required"] == [
        "application", "environment", "business_unit",
    ]  # fmt: skip
    assert found["agrees"] is True


def test_another_evaluation_explains_before_it_is_replayed(lake: Lake, finops: Finops) -> None:
    """What it would say, and that there is no row yet; a short id is enough."""
    lake.ingest(samples.REAL)
    (row,) = lake.rows(EVENT)
    finops("evaluations", "add", "v2", "--rules", "v2")
    delivery, _, ordinal = row["event_id"].partition(":")
    answer = finops("rules", "explain", f"{delivery[:8]}:{ordinal}", "--evaluation", "v2")
    assert answer.code == 0
    assert "no row under v2 yet" in answer.out
    assert "first_seen: nothing to say" in answer.out


def test_a_row_that_says_something_else_is_told(lake: Lake, finops: Finops) -> None:
    """A baseline that was built for days that are judged already: exit code 1, both verdicts."""
    lake.ingest(samples.REAL)
    (row,) = lake.rows(EVENT)
    platform = lake.started()[1]
    baseline = build_baseline(platform.query, date(2024, 9, 28))
    assert baseline is not None
    publish(platform.store, "v1", baseline)
    answer = finops("rules", "explain", row["event_id"])
    assert answer.code == 1
    assert "the row DIFFERS: unknown, missing" in answer.out
    assert "baseline none" in answer.out
    assert baseline.version in answer.out


def test_what_cannot_be_explained_is_one_sentence(lake: Lake, finops: Finops) -> None:
    """Exit code 2, and what to do."""
    lake.ingest(samples.REAL)
    (row,) = lake.rows(EVENT)
    delivery = row["event_id"].partition(":")[0]
    for event, said in (
        ("nonsense", "write DELIVERY:ORDINAL"),
        ("ffff:1", "no delivery has an id that begins like"),
        (f"{delivery}:999999", "has no event 999999 under v1"),
        (f"{delivery}:1' or '1", "write DELIVERY:ORDINAL"),
    ):
        answer = finops("rules", "explain", event)
        assert (answer.code, said in answer.err) == (2, True), answer.err
    unknown = finops("rules", "explain", row["event_id"], "--evaluation", "nope")
    assert (unknown.code, "no evaluation 'nope'" in unknown.err) == (2, True)
