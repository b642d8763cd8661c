"""The renderings of a difference: whole, escaped, self-contained, and the same numbers in each."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from infra.difference_report import as_document, print_difference, render
from infra.difference_report.page import LISTED
from rules import Finding
from tests.infra.report import lakes
from tests.infra.report.markup import Element, parse
from transforms.differences.model import (
    Cause,
    ClassCount,
    Compared,
    Difference,
    Example,
    FindingCount,
    PolicyDifference,
    Reason,
    ReasonCount,
    SideFacts,
)

H = lakes.HOSTILE
CAUSES = (
    (Cause("policy", f"$.{H}", H, H),),
    (Cause("baseline", H, H, H, H), Cause("rules", H, "v1", "v2", H)),
)
COUNT = FindingCount("new", (H, None), "USD", 3, Decimal(0), Decimal("10.500000000001"))
FULL = Difference(
    a=SideFacts(H, H, H, H),
    b=SideFacts("b", "v2", "p", "s"),
    first="2026-09-01",
    last="2026-09-30",
    way="judged",
    way_because=H,
    by=("rule", "owner"),
    owner_tags=(H,),
    compared=(Compared("USD", 1000, Decimal("12.5")), Compared("EUR", 2, Decimal(1))),
    differing=4,
    unmatched=(7, 0),
    totals=(replace(COUNT, key=()),),
    findings=(COUNT,),
    classes=(ClassCount("missing_tags", H, "", (H,), "USD", 2, Decimal("0.00012")),),
    policy=(PolicyDifference(f"$.{H}", H, None),),
    policy_formats=(1, 1),
    reasons=(ReasonCount("new", H, "USD", CAUSES, "", 2, 2, 3),),
    examples=(
        Example(
            *("new", H, H, "2026-09-02", H, H, H, H, "USD", Decimal("4.000000000001")),
            before=None,
            after=Finding(H, "high", H, Decimal("10.5"), Decimal(1)),
            reason=Reason(CAUSES),
        ),
        Example(
            *("missing_tags", H, "d:2", "2026-09-02", None, None, None, None, "USD", Decimal(1)),
            before=H,
            after="",
            reason=Reason((), H),
        ),
    ),
)


@pytest.fixture(scope="module")
def page() -> Element:
    """The page of a difference in which every text that comes from outside is hostile."""
    return parse(render(FULL))


def test_nothing_is_loaded_and_nothing_runs(page: Element) -> None:
    """No address, no script, no handler; the policy in the head forbids both anyway."""
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|javascript:", render(FULL))
    assert not page.all("script", "img")
    assert not [n for e in page.walk() for n in e.attributes if n.startswith("on") or n == "src"]
    (policy,) = [m for m in page.all("meta") if "http-equiv" in m.attributes]
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_every_value_is_shown_and_escaped(page: Element) -> None:
    """A name that is a script is text, in every section; ids are unique and labels lead to one."""
    sections = {s.attributes["id"]: s.text for s in page.all("section")}
    assert set(sections) == {"summary", "findings", "classes", "why", "examples", "policies"}
    assert all(H in text for text in sections.values())
    ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    labels = {e.attributes.get("aria-labelledby") for e in page.walk()} - {None}
    assert labels <= set(ids)
    assert "run: finops replay --evaluation b" in sections["summary"]
    amounts = {d.attributes["title"] for d in page.all("data")}
    assert {"10.500000000001 USD", "4.000000000001 USD", "0.00012 USD", "1 EUR"} <= amounts


def test_a_long_table_says_what_it_leaves_out() -> None:
    """The page stays readable; JSON has every row."""
    many = replace(FULL, findings=(COUNT,) * (LISTED + 5))
    assert "And 5 more" in parse(render(many)).by_id("findings").text
    assert len(as_document(many)["findings"]) == LISTED + 5


def test_the_document_has_names_and_exact_amounts() -> None:
    """Keys by dimension, amounts as the shortest exact text, reasons also in words."""
    document = as_document(FULL)
    (found,) = document["findings"]
    assert found["key"] == {"rule": H, "owner": None}
    assert (found["after"], found["net"]) == ("10.500000000001", "10.500000000001")
    assert document["classes"][0]["key"] == {"owner": H}
    assert document["unmatched"] == {"only_a": 7, "only_b": 0}
    words = document["examples"][0]["reason"]["words"]
    assert words.startswith("each alone: ")
    assert "together: baseline" in words


def test_the_tables_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers, both verdicts and the reason, without control characters; nothing to say is said."""
    print_difference(FULL)
    said = capsys.readouterr().out
    for text in ("1,002 rows", "10.500000000001", "no finding", "not explained", "7 rows only in"):
        assert text in said
    escape = replace(FULL.examples[1], resource="\x1b[2J", service="ä")
    print_difference(replace(FULL, examples=(escape,)))
    assert "\x1b" not in capsys.readouterr().out
    print_difference(replace(FULL, first=None))
    assert "no charges in this range" in capsys.readouterr().out
