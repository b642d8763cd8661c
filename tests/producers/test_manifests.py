"""Manifests as AWS writes them, and the files they name wherever a copy of the export begins."""

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import SourceFile
from producers.sources.manifests import (
    Manifest,
    is_manifest_name,
    month_of,
    read_manifest,
    resolve,
    some,
)

RANGE = "20260901-20261001"
ASSEMBLY = "fcb5b2d8-0000-4000-8000-000000000001"
LEGACY = {
    "assemblyId": ASSEMBLY,
    "account": "123456789012",
    "columns": [
        {"category": "identity", "name": "LineItemId", "type": "String"},
        {"category": "lineItem", "name": "UnblendedCost", "type": "OptionalBigDecimal"},
    ],
    "charset": "UTF-8",
    "compression": "GZIP",
    "contentType": "text/csv",
    "reportId": "a5e3",
    "reportName": "my-report",
    "billingPeriod": {"start": "20260901T000000.000Z", "end": "20261001T000000.000Z"},
    "bucket": "billing",
    "reportKeys": [f"cur/my-report/{RANGE}/{ASSEMBLY}/my-report-{n}.csv.gz" for n in (1, 2)],
    "additionalArtifactKeys": [
        {"artifactType": "RedshiftManifest", "name": "cur/my-report-RedshiftManifest.json"}
    ],
}
EXPORT = {
    "executionId": "0b1c2d3e-1111-4222-8333-444455556666",
    "exportArn": "arn:aws:bcm-data-exports:us-east-1:210987654321:export/focus-0a1b",
    "columns": [{"name": "BilledCost", "type": "double"}],
    "dataFiles": [
        "s3://bucket/cost/focus/data/BILLING_PERIOD=2026-09/focus-00001.snappy.parquet",
    ],
}


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes = b""
    modified_at: int = 0

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def read(document: Any, name: str = "my-report-Manifest.json") -> Manifest:
    return read_manifest(_File(name, json.dumps(document).encode()))


def found(manifest: str, keys: list[str], files: list[str]) -> list[str]:
    """Resolve keys by a manifest of this name among files of these names."""
    listed: list[SourceFile] = [_File(name) for name in files]
    return [file.name for file in resolve(read({"dataFiles": keys}, manifest), listed)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my-report-Manifest.json", True),
        ("a/b=c/my-report-manifest.JSON", True),
        ("metadata/BILLING_PERIOD=2026-09/Manifest.json", True),
        ("20260901-20260930/guid/manifest.json", False),
        ("my-report-RedshiftManifest.json", False),
        ("-Manifest.json", False),
        ("my-report-Manifest.json.gz", False),
        ("my-report-1.csv.gz", False),
    ],
)
def test_manifests_are_known_by_name(name: str, expected: bool) -> None:
    """Redshift's and Azure's manifests are others."""
    assert is_manifest_name(name) is expected


def test_a_legacy_manifest() -> None:
    """All it says is taken; its columns are named as in the header of the CSV."""
    manifest = read(LEGACY)
    assert manifest.export_name == "my-report"
    assert manifest.assembly_id == ASSEMBLY
    assert manifest.account == "123456789012"
    assert manifest.billing_period == "2026-09"
    assert manifest.columns == ("identity/LineItemId", "lineItem/UnblendedCost")
    assert manifest.keys == tuple(LEGACY["reportKeys"])
    assert manifest.digest == hashlib.sha256(json.dumps(LEGACY).encode()).hexdigest()


def test_a_manifest_says_its_month_itself() -> None:
    """Whatever the folder into which it was put."""
    assert read(LEGACY, "20260801-20260901/my-Manifest.json").billing_period == "2026-09"


def test_a_data_exports_manifest() -> None:
    """Name and month are in its path, the account is in the export's ARN."""
    manifest = read(EXPORT, "focus/metadata/billing_period=2026-09/focus-Manifest.json")
    assert manifest.export_name == "focus"
    assert manifest.assembly_id == EXPORT["executionId"]
    assert manifest.account == "210987654321"
    assert manifest.billing_period == "2026-09"
    assert manifest.columns == ("BilledCost",)
    assert manifest.keys == ("cost/focus/data/BILLING_PERIOD=2026-09/focus-00001.snappy.parquet",)


def test_what_a_manifest_does_not_say_is_read_off_its_files() -> None:
    """A bare Manifest.json, alone: export and month are in the keys."""
    manifest = read({"dataFiles": EXPORT["dataFiles"]}, "Manifest.json")
    assert (manifest.export_name, manifest.billing_period) == ("focus", "2026-09")
    assert (manifest.assembly_id, manifest.account, manifest.columns) == ("", "", ())


def test_report_keys_serve_where_there_are_no_data_files() -> None:
    """Both lists occur in Data Exports."""
    keys = ["a/x.csv.gz"]
    assert read({"dataFiles": [], "reportKeys": keys}).keys == ("a/x.csv.gz",)
    assert read({"dataFiles": ["b/y.csv.gz"], "reportKeys": keys}).keys == ("b/y.csv.gz",)


@pytest.mark.parametrize(
    "period",
    [None, "2026", {}, {"start": None}, {"start": "soon"}, {"start": "20261301T000000.000Z"}],
)
def test_an_unknown_month_is_empty(period: object) -> None:
    """Never a month that is none."""
    assert read({"reportKeys": ["x.csv"], "billingPeriod": period}).billing_period == ""


def test_unusual_columns_are_no_error() -> None:
    """Nothing depends on them."""
    assert (
        read({"reportKeys": ["x.csv"], "columns": ["a", {"type": "t"}, {"name": 1}]}).columns == ()
    )
    assert read({"reportKeys": ["x.csv"], "columns": "all"}).columns == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not readable as JSON"),
        (b"\xff\xfe\xfd", "not readable as JSON"),
        (b"", "not readable as JSON"),
        (b"[" * 100_000, "not readable as JSON"),
        (b"[]", "not the manifest"),
        (b"null", "not the manifest"),
        (b"{}", "names no files"),
        (b'{"reportKeys": []}', "names no files"),
        (b'{"reportKeys": {"a": 1}}', "not a list of keys"),
        (b'{"dataFiles": ["a.csv", 7]}', "not a list of keys"),
        (b'{"dataFiles": ["s3://bucket/"]}', "is empty"),
        (b'{"dataFiles": ["a.csv", ""]}', "is empty"),
        (b'{"reportKeys": ["a.csv"], "compression": "ZIP"}', "choose GZIP or Parquet"),
        (b'{"reportKeys": ["a-1.csv.ZIP"]}', "choose GZIP or Parquet"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(content: bytes, problem: str) -> None:
    """The message says which one and what to do."""
    with pytest.raises(SourceError, match=problem) as raised:
        read_manifest(_File("x/my-Manifest.json", content))
    assert str(raised.value).startswith("x/my-Manifest.json: ")


@pytest.mark.parametrize(
    ("manifest", "key", "file"),
    [
        # The place is the bucket, the prefix, the report, the month, the assembly.
        (f"cur/r/{RANGE}/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", f"cur/r/{RANGE}/A/r-1.csv"),
        (f"r/{RANGE}/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", f"r/{RANGE}/A/r-1.csv"),
        (f"{RANGE}/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", f"{RANGE}/A/r-1.csv"),
        ("r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", "A/r-1.csv"),
        ("r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", "r-1.csv"),
        # A copy of any of these in folders of one's own.
        (f"my/{RANGE}/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", f"my/{RANGE}/A/r-1.csv"),
        ("my/sep/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", "my/sep/A/r-1.csv"),
        ("my/sep/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", "my/sep/r-1.csv"),
        ("manifests/r-Manifest.json", f"cur/r/{RANGE}/A/r-1.csv", f"b/cur/r/{RANGE}/A/r-1.csv"),
        # Parquet for Athena lies elsewhere than its manifest.
        (f"{RANGE}/r-Manifest.json", "cur/r/r/year=2026/month=9/r-1.parquet",
         "r/year=2026/month=9/r-1.parquet"),
        # A report without prefix.
        (f"r/{RANGE}/r-Manifest.json", f"/r/{RANGE}/A/r-1.csv", f"r/{RANGE}/A/r-1.csv"),
        # A prefix that is a partition itself.
        (f"{RANGE}/r-Manifest.json", f"account=1/r/{RANGE}/A/r-1.csv", f"{RANGE}/A/r-1.csv"),
        # Data Exports; s3:// and both cases.
        ("metadata/BILLING_PERIOD=2026-09/e-Manifest.json",
         "s3://b/p/e/data/BILLING_PERIOD=2026-09/e-00001.csv.gz",
         "data/BILLING_PERIOD=2026-09/e-00001.csv.gz"),
        ("metadata/billing_period=2026-09/e-Manifest.json",
         "s3://b/p/e/data/BILLING_PERIOD=2026-09/e-00001.csv.gz",
         "data/billing_period=2026-09/e-00001.csv.gz"),
        ("my/metadata/BILLING_PERIOD=2026-09/e-Manifest.json",
         "s3://b/p/e/data/BILLING_PERIOD=2026-09/20260903T04-id/e-00001.csv.gz",
         "my/data/BILLING_PERIOD=2026-09/20260903T04-id/e-00001.csv.gz"),
        ("Account=1/my/metadata/billing_period=2026-09/e-Manifest.json",
         "s3://b/p/e/data/BILLING_PERIOD=2026-09/e-00001.csv.gz",
         "Account=1/my/data/billing_period=2026-09/e-00001.csv.gz"),
        ("e-Manifest.json", "s3://b/p/e/data/BILLING_PERIOD=2026-09/e-00001.csv.gz",
         "BILLING_PERIOD=2026-09/e-00001.csv.gz"),
    ],
)  # fmt: skip
def test_a_file_is_found_wherever_the_copy_begins(manifest: str, key: str, file: str) -> None:
    """Above, at or below the bucket's top, and with files of other refreshes around."""
    others = ["r-2.csv", f"{RANGE}/B/r-1.csv", "data/BILLING_PERIOD=2026-10/e-00001.csv.gz"]
    assert found(manifest, [key], [*others, file]) == [file]


@pytest.mark.parametrize(
    ("manifest", "file"),
    [
        # Another assembly's, another month's, another export's file of the same name.
        (f"{RANGE}/r-Manifest.json", f"{RANGE}/B/r-1.csv"),
        (f"{RANGE}/r-Manifest.json", "20260801-20260901/A/r-1.csv"),
        (f"{RANGE}/r-Manifest.json", f"other/{RANGE}/A/r-1.csv"),
        ("r-Manifest.json", "B/r-1.csv"),
        # Somewhere above the manifest: whose is it?
        (f"{RANGE}/r-Manifest.json", "r-1.csv"),
        (f"{RANGE}/r-Manifest.json", "A/r-1.csv"),
        ("sep/r-Manifest.json", "r-1.csv"),
    ],
)
def test_a_name_alone_is_no_match(manifest: str, file: str) -> None:
    """Every refresh of every month has a file of this name."""
    key = f"cur/r/{RANGE}/A/r-1.csv"
    with pytest.raises(SourceError, match=r"1 of its 1 files not found .*copy the whole export"):
        found(manifest, [key], [file])


def test_absent_files_are_named_and_counted() -> None:
    """Three of them are enough to find the rest."""
    keys = [f"a/{n}.csv" for n in range(6)]
    with pytest.raises(SourceError) as raised:
        found("x-Manifest.json", keys, ["a/2.csv"])
    assert str(raised.value) == (
        "x-Manifest.json: 5 of its 6 files not found (a/0.csv, a/1.csv, a/3.csv and 2 more); "
        "copy the whole export, or fetch them again"
    )


def test_the_longest_match_counts() -> None:
    """A flat copy lies beside the folder that the manifest names."""
    assert found("r-Manifest.json", ["p/A/r-1.csv"], ["r-1.csv", "A/r-1.csv"]) == ["A/r-1.csv"]


def test_the_case_as_written_goes_first() -> None:
    """Both spellings can lie in one bucket when an export was made anew."""
    files = ["data/billing_period=2026-09/e.csv", "data/BILLING_PERIOD=2026-09/e.csv"]
    for n, spelling in enumerate(("billing_period", "BILLING_PERIOD")):
        key = f"p/data/{spelling}=2026-09/e.csv"
        assert found("e-Manifest.json", [key], files) == [files[n]]
    with pytest.raises(SourceError, match="could be any of"):
        found("e-Manifest.json", ["p/data/Billing_Period=2026-09/e.csv"], files)


def test_several_copies_are_refused() -> None:
    """Nothing says which copy is meant."""
    with pytest.raises(SourceError, match=r"could be any of one/p/a\.csv, two/p/a\.csv; name"):
        found("x-Manifest.json", ["p/a.csv"], ["one/p/a.csv", "two/p/a.csv"])


def test_a_file_named_twice_is_refused() -> None:
    """Its rows would count twice."""
    with pytest.raises(SourceError, match=r"names a\.csv twice"):
        found("x-Manifest.json", ["p/a.csv", "s3://b/p/a.csv"], ["a.csv"])


def test_the_manifest_gives_the_order() -> None:
    """The order of rows, and so their numbers, is the manifest's."""
    keys = ["p/b.csv", "p/a.csv", "p/c.csv"]
    assert found("x-Manifest.json", keys, ["a.csv", "b.csv", "c.csv"]) == [
        "b.csv",
        "a.csv",
        "c.csv",
    ]


FOLDER = st.text("abAB-=.0", min_size=1, max_size=4).filter(lambda f: f not in (".", ".."))


@given(
    st.lists(FOLDER, min_size=1, max_size=5),
    st.data(),
    st.lists(st.lists(FOLDER, min_size=1, max_size=5), max_size=6),
)
def test_any_cut_of_a_key_is_found_and_nothing_else_is(
    key: list[str], data: st.DataObject, others: list[list[str]]
) -> None:
    """A place below the bucket's top has the key's end; what is not an end is not taken for it."""
    cut = key[data.draw(st.integers(0, len(key) - 1)) :]
    named = "/".join(key)
    apart = ["/".join(o) for o in others if not (_ends(key, o) or _ends(o, key))]
    assert found("x-Manifest.json", [named], [*apart, "/".join(cut)]) == ["/".join(cut)]
    with pytest.raises(SourceError, match="not found"):
        found("x-Manifest.json", [named], apart)


def _ends(whole: list[str], end: list[str]) -> bool:
    return [step.lower() for step in whole[-len(end) :]] == [step.lower() for step in end]


@given(st.lists(FOLDER, max_size=3), st.lists(FOLDER, min_size=1, max_size=3))
def test_folders_above_the_bucket_do_not_matter(above: list[str], key: list[str]) -> None:
    """A copy keeps the whole key below folders of one's own."""
    name = "/".join([*above, *key])
    assert found("x-Manifest.json", ["/".join(key)], [name]) == [name]


@pytest.mark.parametrize(
    ("folders", "month"),
    [
        (["data", "BILLING_PERIOD=2026-09"], "2026-09"),
        (["billing_period=2026-09", "id"], "2026-09"),
        (["year=2026", "month=9"], "2026-09"),
        (["Year=2026", "Month=12"], "2026-12"),
        ([RANGE, "id"], "2026-09"),
        (["year=2026"], ""),
        (["BILLING_PERIOD=2026-13"], ""),
        (["BILLING_PERIOD=latest"], ""),
        (["date=2026-09-03"], ""),
        ([], ""),
    ],
)
def test_folders_tell_the_month(folders: list[str], month: str) -> None:
    """In each of AWS's layouts."""
    assert month_of(folders) == month


def test_some_names() -> None:
    """Three, and how many more."""
    assert some([]) == ""
    assert some("ab") == "a, b"
    assert some("abc") == "a, b, c"
    assert some("abcde") == "a, b, c and 2 more"
