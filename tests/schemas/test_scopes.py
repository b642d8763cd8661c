"""Who holds a scope: by when it was said, never by when it came."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from schemas.scopes import holders


@dataclass(frozen=True)
class Claim:
    """A delivery's claim."""

    delivery_id: str
    asserted_at: int
    dataset_instance: str
    replaces_scope: bool = False


CLAIMS = st.lists(
    st.builds(
        Claim,
        delivery_id=st.text("abc", min_size=1, max_size=2),
        asserted_at=st.integers(0, 5),
        dataset_instance=st.sampled_from("xyz"),
        replaces_scope=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda claim: (claim.asserted_at, claim.delivery_id),
)


@given(CLAIMS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(claims: list[Claim], random: object) -> None:
    """Any permutation gives the same holders."""
    shuffled = claims.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert holders(shuffled) == holders(claims)


@given(CLAIMS)
def test_each_instance_holds_once_and_the_newest_of_it(claims: list[Claim]) -> None:
    """Nothing is counted twice, and nothing older shows beside something newer."""
    held = holders(claims)
    instances = [claim.dataset_instance for claim in held]
    assert len(instances) == len(set(instances))
    for claim in held:
        newer = (
            c
            for c in claims
            if (c.asserted_at, c.delivery_id) > (claim.asserted_at, claim.delivery_id)
        )
        for other in newer:
            assert other.dataset_instance != claim.dataset_instance
            assert not other.replaces_scope


def test_a_word_that_replaces_ends_all_others() -> None:
    """An export, a file added to it, then a file that replaces both."""
    export = Claim("a", 1, "export:bill")
    added = Claim("b", 2, "file:1")
    newer = Claim("c", 3, "export:bill")
    instead = Claim("d", 4, "file:2", replaces_scope=True)
    assert holders([export, added]) == [export, added]
    assert holders([newer, added, export]) == [added, newer]
    assert holders([instead, newer, added, export]) == [instead]
    assert holders([instead, Claim("e", 5, "file:3"), added]) == [instead, Claim("e", 5, "file:3")]
