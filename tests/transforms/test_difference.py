"""Laws of the difference: what is compared, how it is counted, and that every reason was tried."""

from collections import Counter as Numbers
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import BaselineSeries, Charge, Evaluation, Facts, Finding, rule_set
from schemas.amounts import EXACT
from schemas.blanks import BLANKS
from tests.rules.strategies import CHARGES
from tests.transforms.differences import VERDICTS, contexts, events, policy
from transforms.context import Context
from transforms.differences.changes import GONE, NEW, REWORDED, FindingChange, changes
from transforms.differences.counting import Counter, owner_of
from transforms.differences.model import DIMENSIONS, FindingCount
from transforms.differences.reasons import Reasons
from transforms.differences.rows import Compared, verdict_of

OWNERS = ("application", "x")
BY = [names for n in range(len(DIMENSIONS) + 1) for names in combinations(DIMENSIONS, n)]
NOTHING = Evaluation("normal", "complete", (), ())
CHARGE = Charge(
    *("payer", "account", "Compute", None, "eu", "disk-1", "sku", "Usage", None, None),
    *("2026-09-03", 0, 3600, "USD", Decimal(4), Decimal(4), {}),
)


def counted(found: list[Compared], by: tuple[str, ...] = ("rule",), keep: int = 5) -> Counter:
    counter = Counter(by, OWNERS, keep)
    for compared in found:
        counter.add(compared)
    return counter


def swapped(found: list[Compared]) -> list[Compared]:
    return [Compared(c.event_id, c.charge, c.after, c.before) for c in found]


def mirrored(counts: tuple[FindingCount, ...]) -> set[FindingCount]:
    other = {NEW: GONE, GONE: NEW}
    return {
        FindingCount(other.get(c.kind, c.kind), c.key, c.currency, c.number, c.after, c.before)
        for c in counts
    }


@settings(deadline=None)
@given(VERDICTS)
def test_a_verdict_does_not_differ_from_itself(verdict: Evaluation) -> None:
    """diff(A, A) is empty."""
    assert changes(verdict, verdict) == ()


@settings(deadline=None)
@given(events(), st.sampled_from(BY))
def test_new_in_one_direction_is_gone_in_the_other(
    found: list[Compared], by: tuple[str, ...]
) -> None:
    """diff(A, B) new = diff(B, A) gone, in number and money; all else is only mirrored."""
    one, other = counted(found, by), counted(swapped(found), by)
    assert set(one.findings()) == mirrored(other.findings())
    assert set(one.classes()) == {
        replace(c, before=c.after, after=c.before) for c in other.classes()
    }


@settings(deadline=None)
@given(events(), st.sampled_from(BY))
def test_counts_and_sums_add_up_over_any_breakdown(
    found: list[Compared], by: tuple[str, ...]
) -> None:
    """A breakdown changes how findings and rows are grouped, never how many or how much."""
    plain, broken = counted(found, ()), counted(found, by)
    assert plain.totals() == broken.totals()
    for total in broken.totals():
        parts = [
            c for c in broken.findings() if (c.kind, c.currency) == (total.kind, total.currency)
        ]
        assert sum(c.number for c in parts) == total.number
        assert exact([c.before for c in parts]) == total.before
        assert exact([c.after for c in parts]) == total.after
    rows = Numbers[tuple[str, ...]]()
    for c in broken.classes():
        rows[c.column, c.before, c.after, c.currency] += c.rows
    assert rows == {(c.column, c.before, c.after, c.currency): c.rows for c in plain.classes()}


def exact(amounts: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), max_size=40), st.integers(1, 4))
def test_the_rows_kept_are_those_about_most_money(costs: list[int], keep: int) -> None:
    """Whatever the order of arrival; every row counts."""
    found = [
        Compared(f"d:{i:03}", CHARGE, NOTHING, with_finding("one", str(cost)))
        for i, cost in enumerate(costs)
    ]
    groups = counted(found, keep=keep).in_order()
    kept = [k.compared.event_id for _, group in groups for k in group.kept()]
    largest = sorted(found, key=lambda c: (-abs(c.after.findings[0].amount), c.event_id))
    assert kept == [c.event_id for c in largest[:keep]]
    assert sum(group.rows for _, group in groups) == len(costs)


def with_finding(rule: str, amount: str, message: str = "m") -> Evaluation:
    return NOTHING._replace(findings=(Finding(rule, "low", message, Decimal(amount), None),))


def test_words_alone_are_no_change_and_an_error_belongs_to_its_rule() -> None:
    """Reworded is counted apart; a rule that now raises is another finding than one before."""
    before, after = with_finding("one", "1", "so"), with_finding("one", "1", "thus")
    (only,) = changes(before, after)
    assert isinstance(only, FindingChange)
    assert only.kind == REWORDED
    errors = [
        NOTHING._replace(
            findings=(Finding("rule-error", "high", f"{n} raised E: x", Decimal(1), None),)
        )
        for n in ("one", "two")
    ]
    assert [(c[0], c[1]) for c in changes(*errors)] == [
        (GONE, "rule-error (one)"),
        (NEW, "rule-error (two)"),
    ]


# --- reasons ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(CHARGES, contexts(), contexts())
def test_every_change_has_a_reason_that_was_tried(charge: Charge, a: Context, b: Context) -> None:
    """Pure rules differ by nothing but their values, so there is always a reason."""
    before, after = (
        verdict_of(charge, side, Facts(side.policy, side.baselines.for_date(charge.charge_date)))
        for side in (a, b)
    )
    reasons = Reasons(a, b)
    compared = Compared("d:1", charge, before, after)
    for change in changes(before, after):
        reason = reasons.of(compared, change)
        assert reason.ways, reason.note
        assert all(way for way in reason.ways)
        assert len(reason.ways) == 1 or all(len(way) == 1 for way in reason.ways)


def sides(one: dict[str, object], other: dict[str, object]) -> tuple[Context, Context]:
    none = BaselineSeries()
    rules = rule_set("v1")
    return (
        Context("a", rules, policy("v1", tags=one), none),
        Context("b", rules, policy("v1", tags=other), none),
    )


def reason_of(a: Context, b: Context, charge: Charge = CHARGE) -> list[list[str]]:
    """Return the reason of the one finding that changed: the ways, each in words."""
    before, after = (verdict_of(charge, side, Facts(side.policy, None)) for side in (a, b))
    (change,) = [c for c in changes(before, after) if isinstance(c, FindingChange)]
    found = Reasons(a, b).of(Compared("d:1", charge, before, after), change)
    return [[f"{c.name}: {c.before} → {c.after}" for c in way] for way in found.ways]


def test_a_threshold_is_named_with_both_values() -> None:
    """One path that brings the verdict alone, beside one that has nothing to do with it."""
    a, b = sides({"min_monthly_amount": "5000.00"}, {"exempt_services": ["Other"]})
    assert reason_of(a, b) == [['$.tags.min_monthly_amount: "5000" → "1"']]


def test_what_only_a_combination_brings_is_said_to_be_together() -> None:
    """A finding needs both the lower floor and the lacking key; either of them takes it away."""
    quiet: dict[str, object] = {"required": ["have"], "min_monthly_amount": "5000.00"}
    loud: dict[str, object] = {"required": ["lack"], "min_monthly_amount": "0"}
    a, b = sides(quiet, loud)
    charge = CHARGE._replace(tags={"have": "it"})
    floor, keys = "$.tags.min_monthly_amount", "$.tags.required"
    assert reason_of(a, b, charge) == [
        [f'{floor}: "5000" → "0"', f'{keys}: ["have"] → ["lack"]'],
    ]
    assert reason_of(b, a, charge) == [
        [f'{floor}: "0" → "5000"'],
        [f'{keys}: ["lack"] → ["have"]'],
    ]


def test_a_row_that_is_not_what_its_side_says_has_no_reason() -> None:
    """Nothing is guessed: the note says what to run."""
    a, b = sides({}, {"min_monthly_amount": "5000.00"})
    wrong = with_finding("validate_tags", "77")
    after = verdict_of(CHARGE, b, Facts(b.policy, None))
    (change,) = [c for c in changes(wrong, after) if isinstance(c, FindingChange)]
    found = Reasons(a, b).of(Compared("d:1", CHARGE, wrong, after), change)
    assert found.ways == ()
    assert "finops rules explain d:1 --evaluation a" in found.note


def test_an_owner_is_what_athena_s_trim_leaves_something_of() -> None:
    """Blanks alone name nobody; a no-break space is none of Java's blanks."""

    def owner(*values: str) -> str | None:
        tags = dict(zip(OWNERS, values, strict=False))
        return owner_of(CHARGE._replace(tags=tags), OWNERS)

    assert owner(BLANKS, " b ") == " b "
    assert owner("\u00a0", "b") == "\u00a0"
    assert [owner("\x85"), owner("\u2007"), owner("\u202f")] == ["\x85", "\u2007", "\u202f"]
    assert owner("", "\t\n") is None
    assert owner() is None
