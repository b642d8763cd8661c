"""Published baselines as a function meets them: read for the dates and accounts that ask."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.local.store import MemoryStore
from rules import Baseline, BaselineError, Facts, default_policy, evaluate, rule_set
from rules.shards import Manifest
from schemas.events import ChargeRecorded
from tests.rules.cases import charge
from tests.rules.test_shards import large
from transforms.baseline_documents import document_key, shard_key
from transforms.baseline_store import BaselineReader, index, index_key, publish, series_names
from transforms.context import Context, default_context
from transforms.judge import Judge
from transforms.sharded_baseline import ShardedBaseline

DATE = "2024-09-05"
MICROS = 1_725_494_400_000_000


class CountingStore(MemoryStore):
    """Remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        self.read.append(key)
        return super().get(key)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """A baseline that lies in shards."""
    return large()


@pytest.fixture
def store(baseline: Baseline) -> Iterator[CountingStore]:
    """A store in which it is published."""
    store = CountingStore()
    publish(store, "v1", baseline)
    store.read.clear()
    yield store


def event(number: int, account: str | None) -> ChargeRecorded:
    """Return an event of the series with that number."""
    return ChargeRecorded(
        billing_account_id="payer",
        sub_account_id=account,
        service_name="s",
        region_id="r",
        resource_id=str(number),
        charge_category="Usage",
        charge_period_start=MICROS,
        charge_period_end=MICROS + 3_600_000_000,
        billing_currency="USD",
        billed_cost="50",
        tags=None,
    )


def context(store: MemoryStore, kept: int = 150_000) -> Context:
    """Return the first evaluation with what is published."""
    return replace(default_context(), baselines=BaselineReader(store, "v1", kept).series())


def test_verdicts_do_not_depend_on_shards(store: CountingStore, baseline: Baseline) -> None:
    """A row says the same, by the same version, whether the whole is in memory or a shard is."""
    events = [event(n, f"a{n % 40}" if n % 40 else None) for n in range(1, 400)]
    events += [event(1, "never-seen"), event(99_999_999, "a1")]
    sharded = Judge(context(store), DATE)
    whole = Judge(
        replace(default_context(), baselines=default_context().baselines.append(baseline)), DATE
    )
    assert [sharded.columns(e) for e in events] == [whole.columns(e) for e in events]
    assert {c["cost_class"] for c in map(sharded.columns, events)} == {"spike", "new"}


def test_only_shards_of_accounts_that_are_met_are_read(store: CountingStore) -> None:
    """One account: the index, the manifest, one shard; a warm function reads no more of it."""
    reader = BaselineReader(store, "v1")
    for _ in range(3):
        judge = Judge(replace(default_context(), baselines=reader.series()), DATE)
        judge.columns(event(1, "a1"))
        judge.columns(event(41, "a1"))
    documents = [key for key in store.read if key != index_key("v1")]
    assert len(documents) == 2
    assert sum("/shards/" in key for key in documents) == 1


def test_memory_is_bounded_and_a_record_reads_each_shard_once(store: CountingStore) -> None:
    """However accounts are mixed in a record, `in_order` judges shard by shard."""
    judge = Judge(context(store, kept=1), DATE)
    events = [event(n, f"a{n}") for n in range(1, 40)] * 3
    for one in judge.in_order(events):
        judge.columns(one)
    shards = [key for key in store.read if "/shards/" in key]
    assert len(shards) == len(set(shards)) > 2
    assert sorted(judge.in_order(events), key=events.index) == sorted(events, key=events.index)


def test_what_is_kept_stays_within_the_bound(store: CountingStore) -> None:
    """The least recently used leave; at least the newest stays."""
    reader = BaselineReader(store, "v1", kept_series=25_000)
    found = reader.series().for_date(DATE)
    assert isinstance(found, ShardedBaseline)
    for account in found.manifest.accounts:
        found.for_account(account)
        assert reader.kept <= 25_000


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_shard_that_is_not_there_stops_the_record(store: CountingStore, damage: str) -> None:
    """An error that keeps the records; never `rule-error`, never a silent `unknown` or `new`."""
    manifest = Manifest.from_bytes(store.get(document_key("v1", index(store, "v1")[0].version)))
    for version in manifest.shards:
        key = shard_key("v1", version)
        store.delete(key) if damage == "missing" else store.put(key, b"{}")
    with pytest.raises(BaselineError, match="finops baseline build v1 --replace"):
        Judge(context(store), DATE).columns(event(1, "a1"))


def test_a_rule_that_asks_an_unloaded_shard_is_an_error(store: CountingStore) -> None:
    """Rules load nothing: what is not at hand is an error of the set-up, through the engine."""
    found = context(store).baselines.for_date(DATE)
    assert isinstance(found, ShardedBaseline)
    judged = charge({"billing_account_id": "payer", "sub_account_id": "a1", "charge_date": DATE})
    here = found.shard_of(("payer", "a1"))
    elsewhere = next(a for a, at in found.manifest.accounts.items() if at != here)
    for unready in (found, found.for_account(elsewhere)):
        with pytest.raises(BaselineError, match="for_account before judging"):
            evaluate(judged, rule_set("v1"), Facts(default_policy(), unready))


def test_what_a_sharded_baseline_saw(store: CountingStore, baseline: Baseline) -> None:
    """Accounts are known without a shard; services and regions with the account's."""
    found = context(store).baselines.for_date(DATE)
    assert isinstance(found, ShardedBaseline)
    names = ("billing_account_id", "sub_account_id", "service_name", "region_id")
    known = charge(dict(zip(names, ("payer", "a1", "s", "r"), strict=True)))
    stranger = known._replace(sub_account_id="never-seen")
    part = found.for_account(("payer", "a1"))
    assert (found.saw_account(known), found.saw_account(stranger)) == (True, False)
    assert part.saw_account(known._replace(sub_account_id="a2"))
    for one in (found, part):
        assert (one.history_days, one.version) == (baseline.history_days, baseline.version)
    assert part.saw_service(known)
    assert not part.saw_service(known._replace(service_name="other"))
    assert part.saw_region(known)
    assert not part.saw_region(known._replace(region_id="other"))
    nobody = found.for_account(("payer", "never-seen"))
    assert not nobody.saw_service(stranger)
    assert nobody.stats(stranger) is None
    assert dict(found.entries) == dict(baseline.entries)


def judged_at(store: MemoryStore, date: str) -> str:
    """Return the baseline version of a row of a date."""
    return str(Judge(context(store), date).columns(event(1, "a1"))["baseline_version"])


def test_dates_without_a_baseline_are_unknown() -> None:
    """No series, a date before the first entry, a baseline from the future: `none`, no error."""
    store = MemoryStore()
    assert judged_at(store, DATE) == "none"
    publish(store, "v1", Baseline("2098-12-30", "2099-01-01", {}))
    assert judged_at(store, DATE) == "none"
    columns = Judge(context(store), DATE).columns(event(1, "a1"))
    assert columns["cost_class"] == "unknown"


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"version":"../../x","through":"2024-08-31","effective_from":"2024-09-03"}',
        b'{"version":1,"through":"2024-08-31","effective_from":"2024-09-03"}',
        b'{"version":"0123456789ab","through":"2024-08-31","effective_from":"2024-08-30"}',
        b'{"version":"0123456789ab","through":"2024-08-31","effective_from":"soon"}',
    ],
)
def test_a_damaged_index_is_an_error(line: bytes) -> None:
    """Whichever part is damaged, and always with what to do."""
    store = MemoryStore()
    store.put(index_key("v1"), line + b"\n")
    with pytest.raises(BaselineError, match=r"series\.jsonl is damaged.*build v1 --replace"):
        BaselineReader(store, "v1").series()


def test_an_index_out_of_order_is_an_error() -> None:
    """A line that does not take effect after the one before it would hide that one."""
    store = MemoryStore()
    publish(store, "v1", Baseline("2024-08-30", "2024-09-02", {}))
    publish(store, "v1", Baseline("2024-08-31", "2024-09-03", {}))
    lines = store.get(index_key("v1")).splitlines()
    store.put(index_key("v1"), b"\n".join(reversed(lines)))
    with pytest.raises(BaselineError, match="not after the line before it"):
        index(store, "v1")


def test_a_document_of_other_dates_than_the_index_says() -> None:
    """The index chooses by its dates, so the document must agree."""
    store = MemoryStore()
    publish(store, "v1", Baseline("2024-08-31", "2024-09-03", {}))
    store.put(index_key("v1"), store.get(index_key("v1")).replace(b"2024-09-03", b"2024-09-04"))
    with pytest.raises(BaselineError, match="name other dates"):
        judged_at(store, DATE)


def test_documents_are_read_for_the_dates_that_ask() -> None:
    """A cold start reads one document, not the whole series; a broken old one harms old dates."""
    store = CountingStore()
    for day in range(1, 10):
        publish(store, "v1", Baseline(f"2024-09-0{day}", f"2024-09-1{day}", {}))
    store.delete(document_key("v1", index(store, "v1")[0].version))
    store.read.clear()
    assert judged_at(store, "2024-09-15") == index(store, "v1")[4].version
    assert len([k for k in store.read if k != index_key("v1")]) == 1
    with pytest.raises(BaselineError, match="is missing"):
        judged_at(store, "2024-09-11")


def test_series_names() -> None:
    """Every series with an index, in order."""
    store = MemoryStore()
    for name in ("v2", "v1"):
        publish(store, name, Baseline("2024-08-31", "2024-09-03", {}))
    assert series_names(store) == ["v1", "v2"]


def test_a_killed_publication_is_seen_by_nobody(baseline: Baseline) -> None:
    """Shards first, then the document, then the index: at any step the old series or the new."""

    class Full(MemoryStore):
        left = 0

        def put(self, key: str, body: bytes) -> None:
            if not self.left:
                raise OSError("killed")
            self.left -= 1
            super().put(key, body)

    store = Full()
    needed = len(baseline.documents()[1]) + 2
    for step in (0, 1, needed - 1):
        store.left = step
        with pytest.raises(OSError, match="killed"):
            publish(store, "v1", baseline)
        assert index(store, "v1") == []
    store.left = needed
    assert publish(store, "v1", baseline)
    assert judged_at(store, DATE) == baseline.version
