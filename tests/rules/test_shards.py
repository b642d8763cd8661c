"""Large baselines in shards: an account is whole in one of them, and bytes name everything."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from rules import Baseline, BaselineError, SeriesKey, SeriesStats
from rules.canonical import fingerprint
from rules.shards import SHARDED_ABOVE, Manifest, is_manifest, split

STATS = SeriesStats(20, "2024-08-01", "USD", Decimal(1), Decimal(0), (None,) * 7, Decimal(9))


def large(series: int = SHARDED_ABOVE + 1, accounts: int = 40) -> Baseline:
    """Return a baseline of that many series."""
    keys = (
        SeriesKey("payer", f"a{n % accounts}" if n % accounts else None, "s", "r", str(n), 3600)
        for n in range(series)
    )
    return Baseline("2024-08-31", "2024-09-03", dict.fromkeys(keys, STATS))


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """A baseline one series beyond the bound."""
    return large()


def test_at_the_bound_nothing_changes() -> None:
    """A baseline of as many series as the bound is one document, as it always was."""
    one = large(SHARDED_ABOVE)
    document, shards = one.documents()
    assert (document, shards) == (one.to_bytes(), {})
    assert one.version == fingerprint(one.to_bytes())
    assert not is_manifest(document)


def test_shards_hold_each_series_once_and_accounts_whole(baseline: Baseline) -> None:
    """What the shards hold together is the baseline; the manifest names each by its bytes."""
    document, shards = baseline.documents()
    manifest = Manifest.from_bytes(document)
    assert is_manifest(document)
    assert manifest.to_bytes() == document
    assert baseline.version == fingerprint(document)
    assert set(manifest.shards) == set(shards) == {fingerprint(body) for body in shards.values()}
    parts = [Baseline.from_bytes(shards[version]).entries for version in manifest.shards]
    assert sum(map(len, parts)) == manifest.series == len(baseline.entries)
    assert {k: v for part in parts for k, v in part.items()} == dict(baseline.entries)
    for at, part in enumerate(parts):
        assert {manifest.accounts[key[:2]] for key in part} == {at}
    assert (manifest.through, manifest.effective_from) == ("2024-08-31", "2024-09-03")
    assert manifest.history_days == baseline.history_days


def test_the_version_depends_on_content_and_not_on_order(baseline: Baseline) -> None:
    """Another order of entries has the same name; another amount has another."""
    entries = dict(reversed(list(baseline.entries.items())))
    assert replace(baseline, entries=entries).version == baseline.version
    entries[next(iter(entries))] = STATS._replace(level=Decimal(2))
    assert replace(baseline, entries=entries).version != baseline.version


def test_the_number_of_files_stays_small() -> None:
    """Many small accounts share files; one account is never split."""
    assert len(split(large(accounts=5_000).entries)) == 6
    assert len(split(large(accounts=1).entries)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"manifest": 2},
        {"accounts": [["p", "a", 99]]},
        {"accounts": [["p", "a"]]},
        {"accounts": [[None, "a", 0]]},
        {"accounts": 1},
        {"shards": [1]},
        {"series": "1"},
        {"history_days": -1},
        {"effective_from": "2024-08-31"},
        {"through": None},
        {"more": 1},
    ],
)
def test_a_damaged_manifest(change: dict[str, object], baseline: Baseline) -> None:
    """A damaged manifest is refused, whichever part is damaged."""
    document = json.loads(baseline.documents()[0]) | change
    with pytest.raises(BaselineError, match="manifest is damaged"):
        Manifest.from_bytes(json.dumps(document).encode())
