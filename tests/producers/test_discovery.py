"""What is delivered from a place: the current refresh of each month, once, or a refusal."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import SourceFile
from producers.sources.discovery import Assembly, assemblies, changed, single_file

SEP = "20260901-20261001"
OCT = "20261001-20261101"
OLD = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
NEW = "fcb5b2d8-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
OLD_EXECUTION = "20260903T040000-0a"
NEW_EXECUTION = "20260904T040000-0b"
DAY = 86_400_000_000
MONDAY = 1_788_148_800_000_000
"""2026-08-31 04:00 UTC."""


@dataclass
class _Place:
    """Files by name: their bytes and when they were written."""

    name: str = "s3://billing/cur/"
    content: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    hashed: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes | Mapping[str, Any] = b"", day: int = 0) -> None:
        self.content[name] = (
            content if isinstance(content, bytes) else json.dumps(content).encode()
        ) or name.encode()
        self.times[name] = MONDAY + day * DAY

    def files(self) -> Sequence[SourceFile]:
        return [
            _File(self, name, len(self.content[name]), self.times[name])
            for name in sorted(self.content)
        ]

    def below(self, prefix: str) -> "_Place":
        """Copy what lies below a prefix, as `aws s3 sync` does."""
        return _Place(
            f"/home/me/{prefix}",
            {n.removeprefix(prefix): c for n, c in self.content.items() if n.startswith(prefix)},
            {n.removeprefix(prefix): t for n, t in self.times.items() if n.startswith(prefix)},
        )


@dataclass(frozen=True)
class _File:
    place: _Place
    name: str
    size: int
    modified_at: int

    @property
    def fingerprint(self) -> str:
        self.place.hashed.append(self.name)
        return hashlib.sha256(self.place.content[self.name]).hexdigest()

    def open(self) -> BinaryIO:
        self.place.opened.append(self.name)
        return io.BytesIO(self.place.content[self.name])


def legacy(place: _Place, days: str, assembly: str, day: int, at: str = "r/") -> None:
    """Deliver a refresh of a legacy report `r`, which keeps the older ones."""
    keys = [f"cur/r/{days}/{assembly}/r-{n}.csv.gz" for n in (1, 2)]
    manifest = {
        "assemblyId": assembly,
        "account": "123456789012",
        "columns": [{"category": "lineItem", "name": "UsageType"}],
        "compression": "GZIP",
        "reportName": "r",
        "billingPeriod": {"start": f"{days[:8]}T000000.000Z"},
        "reportKeys": keys,
    }
    for key in keys:
        place.put(key.replace("cur/r/", at, 1), day=day)
    place.put(f"{at}{days}/{assembly}/r-Manifest.json", manifest, day)
    place.put(f"{at}{days}/r-Manifest.json", manifest, day)


def export(
    place: _Place, month: str, day: int, execution: str = "", partition: str = "BILLING_PERIOD"
) -> None:
    """Deliver a refresh of an export `e`: replacing the last, or into a folder of its own."""
    folder = f"{partition}={month}" + f"/{execution}" * bool(execution)
    names = [f"e/data/{folder}/e-0000{n}.snappy.parquet" for n in (1, 2)]
    manifest = {
        "exportArn": "arn:aws:bcm-data-exports:us-east-1:210987654321:export/e-1",
        "columns": [{"name": "BilledCost", "type": "double"}],
        "dataFiles": [f"s3://billing/cur/{name}" for name in names],
    }
    for name in names:
        place.put(name, f"{name} of day {day}".encode(), day)
    if execution:
        manifest["executionId"] = f"id-{execution}"
        place.put(f"e/metadata/{folder}/e-Manifest.json", manifest, day)
    place.put(f"e/metadata/{partition}={month}/e-Manifest.json", manifest, day)


def names(assembly: Assembly) -> list[str]:
    return [file.name for file in assembly.files]


def refusal(place: _Place) -> str:
    with pytest.raises(SourceError) as raised:
        assemblies(place)
    return str(raised.value)


def place_of(*files: str, name: str = "/home/me/bill") -> _Place:
    place = _Place(name)
    for file in files:
        place.put(file)
    return place


def two_refreshes() -> _Place:
    place = _Place()
    legacy(place, SEP, OLD, day=3)
    legacy(place, SEP, NEW, day=4)
    return place


def test_the_month_manifest_names_the_current_assembly() -> None:
    """The older assembly stays where it is; its manifest is not even read."""
    place = two_refreshes()
    (only,) = assemblies(place)
    assert names(only) == [f"r/{SEP}/{NEW}/r-{n}.csv.gz" for n in (1, 2)]
    assert only.name == "r 2026-09 assembly fcb5b2d8"
    assert (only.export_name, only.dataset_instance) == ("r", "export:123456789012/r")
    assert (only.assembly_id, only.billing_period) == (NEW, "2026-09")
    assert (only.account, only.columns) == ("123456789012", ("lineItem/UsageType",))
    assert only.asserted_at == MONDAY + 4 * DAY
    assert only.manifest is not None
    assert place.opened == [only.manifest.name] == [f"r/{SEP}/r-Manifest.json"]


def test_finding_deliveries_hashes_no_data() -> None:
    """A year of exports is listed in the time of its manifests."""
    place = two_refreshes()
    (only,) = assemblies(place)
    assert place.hashed == []
    assert only.fingerprint
    assert place.hashed == names(only)


def test_months_and_exports_are_in_order() -> None:
    """By month, then by export."""
    place = _Place()
    legacy(place, OCT, NEW, day=31)
    legacy(place, SEP, OLD, day=3)
    export(place, "2026-09", day=3)
    found = [(a.billing_period, a.export_name) for a in assemblies(place)]
    assert found == [("2026-09", "e"), ("2026-09", "r"), ("2026-10", "r")]


@pytest.mark.parametrize("prefix", ["", "r/", f"r/{SEP}/", f"r/{SEP}/{NEW}/"])
def test_a_copy_may_begin_anywhere(prefix: str) -> None:
    """At the prefix, the report, the month, or the assembly with its own manifest."""
    (only,) = assemblies(two_refreshes().below(prefix))
    expected = [f"r/{SEP}/{NEW}/r-{n}.csv.gz".removeprefix(prefix) for n in (1, 2)]
    assert names(only) == expected
    assert only.assembly_id == NEW


def test_a_copy_may_lie_in_folders_of_ones_own() -> None:
    """As long as what is below them is as AWS laid it."""
    place = _Place()
    legacy(place, SEP, OLD, day=3, at="downloads/mine/")
    legacy(place, SEP, NEW, day=4, at="downloads/mine/")
    (only,) = assemblies(place)
    assert names(only)[0] == f"downloads/mine/{SEP}/{NEW}/r-1.csv.gz"


def test_assemblies_without_the_month_manifest_are_refused() -> None:
    """Each is the whole month. The message says which there are, and what to do."""
    place = two_refreshes()
    del place.content[f"r/{SEP}/r-Manifest.json"]
    assert refusal(place) == (
        "s3://billing/cur/: 2 assemblies of r 2026-09 without the month's manifest would count the "
        f"month 2 times ({NEW} of 2026-09-04 04:00 UTC, {OLD} of 2026-09-03 04:00 UTC); "
        "fetch r-Manifest.json from one level up too, or name one assembly's folder"
    )


def test_many_assemblies_are_counted() -> None:
    """The newest five are enough to see which is meant."""
    place = _Place()
    for day in range(7):
        legacy(place, SEP, f"{day}-id", day)
    del place.content[f"r/{SEP}/r-Manifest.json"]
    said = refusal(place)
    assert said.startswith("s3://billing/cur/: 7 assemblies of r 2026-09")
    assert "6-id of 2026-09-06" in said
    assert "1-id" not in said
    assert " and 2 more" in said


def test_the_month_manifest_may_have_been_fetched_to_above() -> None:
    """Above all others of its month it is the month's, in whatever folder."""
    place = two_refreshes()
    place.content["r-Manifest.json"] = place.content.pop(f"r/{SEP}/r-Manifest.json")
    place.times["r-Manifest.json"] = MONDAY
    (only,) = assemblies(place)
    assert only.assembly_id == NEW


def test_the_month_manifest_wins_over_one_elsewhere() -> None:
    """An assembly kept aside does not make the month ambiguous."""
    place = two_refreshes()
    place.put("aside/old/r-Manifest.json", place.content[f"r/{SEP}/{OLD}/r-Manifest.json"])
    (only,) = assemblies(place)
    assert only.assembly_id == NEW


def test_one_assembly_alone_in_its_month_is_taken() -> None:
    """Without the month's manifest: there is only one that it could name."""
    place = _Place()
    legacy(place, SEP, NEW, day=4)
    del place.content[f"r/{SEP}/r-Manifest.json"]
    (only,) = assemblies(place)
    assert only.assembly_id == NEW


def test_one_assembly_with_an_emptied_chunk_is_taken() -> None:
    """What lies in its own folder and is not named is of an earlier writing, as AWS says."""
    place = place_of("sep/r-1.csv.gz", "sep/r-2.csv.gz")
    place.put("sep/r-Manifest.json", {"reportKeys": [f"cur/r/{SEP}/r-1.csv.gz"]})
    (only,) = assemblies(place)
    assert names(only) == ["sep/r-1.csv.gz"]
    place.put("r-3.csv.gz")
    assert "r-3.csv.gz beside its files may be newer" in refusal(place)


def test_one_assembly_beside_unnamed_data_is_refused() -> None:
    """The folder beside may be the newer one, its manifest lost or still to be written."""
    place = two_refreshes()
    del place.content[f"r/{SEP}/r-Manifest.json"]
    del place.content[f"r/{SEP}/{NEW}/r-Manifest.json"]
    said = refusal(place)
    assert said.startswith(f"r/{SEP}/{OLD}/r-Manifest.json: is not the month's manifest, and ")
    assert f"r/{SEP}/{NEW}/r-1.csv.gz" in said
    assert said.endswith(f"or name the folder r/{SEP}/{OLD}")


def test_two_copies_of_an_export_are_refused() -> None:
    """Either would do; both would count twice."""
    place = _Place()
    legacy(place, SEP, NEW, day=4, at="one/")
    legacy(place, SEP, NEW, day=4, at="two/")
    said = refusal(place)
    assert "r 2026-09 lies in it 2 times" in said
    assert f"one/{SEP}/r-Manifest.json, two/{SEP}/r-Manifest.json" in said


def test_two_manifests_of_a_month_in_one_folder_are_refused() -> None:
    """Neither is above the other: a download that was renamed may be older or newer."""
    place = two_refreshes()
    place.put(f"r/{SEP}/r (1)-Manifest.json", place.content[f"r/{SEP}/{OLD}/r-Manifest.json"])
    assert "r 2026-09 lies in it 2 times" in refusal(place)
    assert "2 assemblies of r 2026-09" in refusal(place.below(f"r/{SEP}/"))


def test_a_stray_manifest_hides_no_month() -> None:
    """One above the months' folders is of its own month only."""
    place = two_refreshes()
    legacy(place, OCT, NEW, day=31)
    place.put("r/r-Manifest.json", place.content[f"r/{SEP}/{OLD}/r-Manifest.json"])
    found = [(a.billing_period, a.assembly_id) for a in assemblies(place)]
    assert found == [("2026-09", NEW), ("2026-10", NEW)]


def test_exports_of_two_payers_may_have_one_name() -> None:
    """Their accounts differ, so their charges do."""
    place = _Place()
    legacy(place, SEP, NEW, day=4, at="111111111111/r/")
    legacy(place, SEP, NEW, day=4, at="222222222222/r/")
    manifest = f"222222222222/r/{SEP}/r-Manifest.json"
    other = json.loads(place.content[manifest]) | {"account": "222222222222"}
    place.put(manifest, other)
    found = assemblies(place)
    assert [a.account for a in found] == ["123456789012", "222222222222"]
    assert [names(a)[0].partition("/")[0] for a in found] == ["111111111111", "222222222222"]


def test_a_file_that_two_manifests_name_is_refused() -> None:
    """A copy of a manifest under another name would count its files twice."""
    place = _Place()
    export(place, "2026-09", day=3)
    at = "e/metadata/BILLING_PERIOD=2026-09/"
    place.content[f"{at}copy-Manifest.json"] = place.content[f"{at}e-Manifest.json"]
    place.times[f"{at}copy-Manifest.json"] = 0
    said = refusal(place)
    assert "e-00001.snappy.parquet; its rows would count twice" in said
    assert f"{at}copy-Manifest.json and {at}e-Manifest.json both name" in said


def test_a_legacy_report_that_is_overwritten() -> None:
    """Files lie beside the month's manifest; a chunk no longer named is left out."""
    place = _Place()
    files = [f"r/{SEP}/r-{n}.csv.gz" for n in (1, 2, 3)]
    for file in files:
        place.put(file)
    manifest = {
        "reportName": "r",
        "billingPeriod": {"start": "20260901T000000.000Z"},
        "reportKeys": [f"cur/{file}" for file in files[:2]],
    }
    place.put(f"r/{SEP}/r-Manifest.json", manifest)
    (only,) = assemblies(place)
    assert names(only) == files[:2]
    assert (only.assembly_id, only.name) == ("", "r 2026-09")


def test_a_legacy_report_for_athena() -> None:
    """Parquet lies in partitions beside the months' folders, and a status table with it."""
    place = _Place()
    for days, month in ((SEP, 9), (OCT, 10)):
        file = f"r/r/year=2026/month={month}/r-00001.snappy.parquet"
        place.put(file)
        manifest = {"assemblyId": "a", "reportName": "r", "compression": "Parquet"}
        period = {"billingPeriod": {"start": f"{days[:8]}T000000.000Z"}}
        keys = {"reportKeys": [f"cur/{file}"]}
        place.put(f"r/{days}/r-Manifest.json", manifest | period | keys)
    place.put("r/r/cost_and_usage_data_status/cost_and_usage_data_status.parquet")
    assert [names(a) for a in assemblies(place)] == [
        ["r/r/year=2026/month=9/r-00001.snappy.parquet"],
        ["r/r/year=2026/month=10/r-00001.snappy.parquet"],
    ]


@pytest.mark.parametrize("partition", ["BILLING_PERIOD", "billing_period"])
def test_an_export_that_is_overwritten(partition: str) -> None:
    """No id; an emptied chunk that the manifest no longer names is left out."""
    place = _Place()
    export(place, "2026-09", 3, partition=partition)
    place.put(f"e/data/{partition}=2026-09/e-00003.snappy.parquet")
    (only,) = assemblies(place)
    assert names(only) == [f"e/data/{partition}=2026-09/e-0000{n}.snappy.parquet" for n in (1, 2)]
    assert (only.assembly_id, only.name) == ("", "e 2026-09")
    assert (only.billing_period, only.account) == ("2026-09", "210987654321")
    assert only.columns == ("BilledCost",)


def test_an_export_that_keeps_its_refreshes() -> None:
    """The manifest directly in the partition names the newest."""
    place = _Place()
    export(place, "2026-09", 3, OLD_EXECUTION)
    export(place, "2026-09", 4, NEW_EXECUTION)
    (only,) = assemblies(place)
    assert {name.split("/")[3] for name in names(only)} == {NEW_EXECUTION}
    assert only.assembly_id == f"id-{NEW_EXECUTION}"
    (copied,) = assemblies(place.below("e/"))
    assert copied.fingerprint == only.fingerprint


def test_refreshes_of_an_export_without_the_month_manifest_are_refused() -> None:
    """Two manifests, or one with the data of another execution beside."""
    place = _Place()
    export(place, "2026-09", 3, OLD_EXECUTION)
    export(place, "2026-09", 4, NEW_EXECUTION)
    at = "e/metadata/BILLING_PERIOD=2026-09/"
    del place.content[f"{at}e-Manifest.json"]
    assert "2 assemblies of e 2026-09" in refusal(place)
    del place.content[f"{at}{NEW_EXECUTION}/e-Manifest.json"]
    assert f"data/BILLING_PERIOD=2026-09/{NEW_EXECUTION}/e-00001.snappy.parquet" in refusal(place)


def test_a_month_whose_manifest_is_still_to_come_is_left_out() -> None:
    """AWS writes it last: until then the delivery is incomplete."""
    place = _Place()
    export(place, "2026-09", 3)
    export(place, "2026-10", 31)
    del place.content["e/metadata/BILLING_PERIOD=2026-10/e-Manifest.json"]
    assert [a.billing_period for a in assemblies(place)] == ["2026-09"]


def test_files_that_were_not_copied_are_named() -> None:
    """Whole or not at all."""
    place = two_refreshes()
    del place.content[f"r/{SEP}/{NEW}/r-2.csv.gz"]
    assert refusal(place) == (
        f"r/{SEP}/r-Manifest.json: 1 of its 2 files not found "
        f"(cur/r/{SEP}/{NEW}/r-2.csv.gz); copy the whole export, or fetch them again"
    )


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"reportKeys": []}'])
def test_a_damaged_manifest_is_named(content: bytes) -> None:
    """The other months wait for it: nothing is guessed."""
    place = two_refreshes()
    place.put("r/20260801-20260901/r-Manifest.json", content)
    assert refusal(place).startswith("r/20260801-20260901/r-Manifest.json: ")


def test_a_damaged_manifest_of_an_older_refresh_does_not_matter() -> None:
    """It is not read."""
    place = two_refreshes()
    place.put(f"r/{SEP}/{OLD}/r-Manifest.json", b"{")
    assert len(assemblies(place)) == 1


@pytest.mark.parametrize(
    "files",
    [
        ["b.csv", "A.CSV.GZ", "c.snappy.parquet", "d.Parquet"],
        ["BILLING_PERIOD=2026-09/a.csv", "BILLING_PERIOD=2026-10/a.csv"],
        ["billing_period=2026-09/a.csv", "BILLING_PERIOD=2026-10/a.csv"],
        ["year=2026/month=10/a.parquet", "year=2026/month=9/a.parquet"],
        ["data/BILLING_PERIOD=2026-09/one-execution/a.csv", "data/BILLING_PERIOD=2026-10/a.csv"],
        [f"r/{SEP}/{NEW}/r-1.csv.gz", f"r/{SEP}/{NEW}/r-2.csv.gz"],
    ],
)
def test_a_folder_without_manifest_is_one_delivery(files: list[str]) -> None:
    """Files, partitions of one key, or one folder that holds everything; what else lies there."""
    place = place_of(*files, "readme.txt", "metadata/crawler-cfn.yml", "._b.csv", ".cache/x.csv")
    place.put("cost_and_usage_data_status/cost_and_usage_data_status.parquet")
    place.times[files[0]] += DAY
    (only,) = assemblies(place)
    assert names(only) == sorted(files)
    assert only.manifest is None
    assert (only.name, only.export_name) == ("bill", "bill")
    assert only.dataset_instance == f"file:{only.fingerprint[:16]}"
    assert only.asserted_at == MONDAY + DAY
    assert (only.assembly_id, only.account, only.columns) == ("", "", ())


def test_a_folder_without_manifest_may_tell_its_month() -> None:
    """Where all of it is in one partition."""
    place = place_of("BILLING_PERIOD=2026-09/a.csv", "BILLING_PERIOD=2026-09/b.csv")
    assert assemblies(place)[0].billing_period == "2026-09"
    place.put("BILLING_PERIOD=2026-10/a.csv")
    assert assemblies(place)[0].billing_period == ""


@pytest.mark.parametrize(
    ("name", "shown"), [("s3://b/cur/sep/", "sep"), ("sep", "sep"), ("/", "/"), (".", ".")]
)
def test_a_folder_is_called_by_its_last_name(name: str, shown: str) -> None:
    """However it was given."""
    assert assemblies(place_of("a.csv", name=name))[0].name == shown


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([f"{OLD}/a.csv", f"{NEW}/a.csv"], f"/home/me/bill: CSV or Parquet files lie in {OLD}, "),
        ([f"{SEP}/a.csv", f"{OCT}/a.csv"], f"files lie in {SEP}, {OCT}, and without a manifest"),
        ([f"r/{SEP}/{n}/a.csv" for n in range(5)], f"bill/r/{SEP}: CSV or Parquet files lie in 0"),
        (["a.csv", "old/a.csv"], "files lie directly in it and in old, and"),
        (["all.csv", "year=2026/month=9/a.csv"], "files lie directly in it and in year=2026"),
        (
            ["BILLING_PERIOD=2026-09/x/a.csv", "BILLING_PERIOD=2026-09/y/a.csv"],
            "/home/me/bill/BILLING_PERIOD=2026-09: CSV or Parquet files lie in x, y",
        ),
        (["BILLING_PERIOD=2026-09/x/a.csv", "BILLING_PERIOD=2026-09/a.csv"], "directly in it"),
        (["BILLING_PERIOD=2026-09/a.csv", "backup/a.csv"], "lie in BILLING_PERIOD=2026-09, backup"),
        (["BILLING_PERIOD=2026-09/a.csv", "year=2026/a.csv"], "without a manifest"),
        (["BILLING_PERIOD=2026-09/a.csv", "billing_period=2026-09/a.csv"], "without a manifest"),
    ],
)
def test_several_versions_without_manifest_are_refused(files: list[str], said: str) -> None:
    """It cannot be told which folder is current, and all of them would count twice."""
    message = refusal(place_of(*files))
    assert said in message
    assert "name one of the folders, or fetch the export's -Manifest.json too" in message


def test_the_same_bytes_twice_are_refused() -> None:
    """A second download of a file, say."""
    place = place_of("a.csv", "b.csv")
    place.put("a (1).csv", place.content["a.csv"])
    assert refusal(place) == (
        "/home/me/bill: a (1).csv and a.csv hold the same bytes; "
        "the rows would count twice; remove one"
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "no CSV or Parquet files in it; name the folder of an export, or one file"),
        (["a.txt", "b.xlsx"], "no CSV or Parquet files in it, only a.txt, b.xlsx; name"),
        (
            ["r-1.csv.zip"],
            "no CSV or Parquet files in it, only ZIP archives, which are not read; choose GZIP",
        ),
        ([".hidden.csv"], "no CSV or Parquet files in it; name"),
    ],
)
def test_a_place_without_data_is_refused(files: list[str], said: str) -> None:
    """And says what else was found."""
    assert f"/home/me/bill: {said}" in refusal(place_of(*files))


def test_zipped_reports_are_refused() -> None:
    """Before their files are looked for."""
    place = two_refreshes()
    manifest = json.loads(place.content[f"r/{SEP}/r-Manifest.json"])
    place.put(f"r/{SEP}/r-Manifest.json", manifest | {"compression": "ZIP"})
    assert "choose GZIP or Parquet" in refusal(place)


def test_a_single_file_is_a_delivery() -> None:
    """Known by its bytes, whatever its name."""
    place = place_of("exports/bill.csv", "exports/other.csv")
    (file, other) = place.files()
    one = single_file(file)
    assert names(one) == ["exports/bill.csv"]
    assert (one.name, one.asserted_at, one.manifest) == ("bill.csv", MONDAY, None)
    assert one.dataset_instance == f"file:{one.fingerprint[:16]}"
    assert one.dataset_instance != single_file(other).dataset_instance
    place.content["exports/other.csv"] = place.content["exports/bill.csv"]
    assert one.fingerprint == single_file(other).fingerprint


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=4, unique=True), st.data())
def test_a_fingerprint_is_of_bytes_in_order(contents: list[bytes], data: st.DataObject) -> None:
    """Names and times do not count; another order or other bytes do."""

    def fingerprint(listed: list[bytes], stem: str, day: int) -> str:
        place = _Place()
        for n, content in enumerate(listed):
            place.put(f"{stem}{n}.csv", content, day)
        (only,) = assemblies(place)
        return only.fingerprint

    shuffled = data.draw(st.permutations(contents))
    same = fingerprint(contents, "a", 0) == fingerprint(shuffled, "b", 1)
    assert same == (contents == shuffled)


def test_a_fingerprint_is_of_the_assembly_too() -> None:
    """A refresh with the same bytes is still another refresh."""
    place = _Place()
    legacy(place, SEP, OLD, day=3)
    (before,) = assemblies(place)
    manifest = json.loads(place.content[f"r/{SEP}/r-Manifest.json"])
    place.put(f"r/{SEP}/r-Manifest.json", manifest | {"assemblyId": NEW})
    (after,) = assemblies(place)
    assert before.fingerprint != after.fingerprint


def test_nothing_changed() -> None:
    """A manifest written again with the same content is the same; no data is read."""
    place = two_refreshes()
    (only,) = assemblies(place)
    place.times[f"r/{SEP}/r-Manifest.json"] += DAY
    place.put(f"r/{SEP}/newer/r-1.csv.gz")
    assert changed(only, place) == ""
    assert place.hashed == []
    assert {name.rpartition("/")[2] for name in place.opened} == {"r-Manifest.json"}


def test_a_new_refresh_changes_the_manifest() -> None:
    """The assembly that was read is no longer the current one."""
    place = two_refreshes()
    (only,) = assemblies(place)
    legacy(place, SEP, "newest", day=5)
    assert changed(only, place) == f"r/{SEP}/r-Manifest.json has other content"


def test_what_changed_is_said() -> None:
    """Written again in place, grown, gone: three things and how many more."""
    place = _Place()
    export(place, "2026-09", 3)
    (only,) = assemblies(place)
    one, two = names(only)
    place.times[one] += DAY
    assert changed(only, place) == f"{one} was written again"
    size = len(place.content[one])
    place.content[one] += b"x" * 2_000
    assert changed(only, place) == f"{one} has {size + 2_000:,} bytes instead of {size}"
    del place.content[two]
    assert changed(only, place).endswith(f", {two} is gone")
    place.content.clear()
    assert changed(only, place).startswith("e/metadata/BILLING_PERIOD=2026-09/e-Manifest.json is ")
    assert changed(only, place).count("is gone") == 3


def test_a_new_file_changes_a_folder_without_manifest() -> None:
    """The copy was still running; only a file that would be read counts."""
    place = place_of("a.csv")
    (only,) = assemblies(place)
    (single,) = map(single_file, place.files())
    place.put("notes.txt")
    place.put(".b.csv.part.csv")
    assert changed(only, place) == ""
    place.put("b.csv")
    assert changed(only, place) == "b.csv is new"
    assert changed(single, place) == ""
