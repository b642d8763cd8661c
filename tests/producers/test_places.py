"""Files wherever they lie: found in one order, identified by content, missing with a next step."""

import gzip
import hashlib
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from producers.errors import SourceChangedError, SourceError
from producers.sources import Place, SourceFile
from producers.sources.places import LocalFile, LocalFolder
from producers.sources.s3_place import S3Object, S3Prefix, parse_s3_address

WRITTEN = datetime(2026, 9, 3, 5, 0, 0, 123_000, UTC)
WRITTEN_MICROS = 1_788_411_600_123_000


class _ClientError(Exception):
    """What botocore raises, as far as anybody looks at it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response = {"Error": {"Code": code}}


class _FakeS3:
    """One bucket, two keys a page; `denied` operations are refused."""

    def __init__(self, objects: dict[str, bytes], denied: str = "") -> None:
        self.objects = objects
        self.denied = denied
        self.calls: list[str] = []
        self.cut: int | None = None
        self.opened: list[io.BytesIO] = []

    def get_paginator(self, operation: str) -> "_FakeS3":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self._called("list", Bucket)
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        for start in range(0, len(keys), 2):
            yield {"Contents": [{"Key": k, **self._facts(k)} for k in keys[start : start + 2]]}
        if not keys:
            yield {"KeyCount": 0}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._called("head", Bucket)
        if Key not in self.objects:
            raise _ClientError("404")
        facts = self._facts(Key)
        return {**facts, "ContentLength": facts.pop("Size")}

    def get_object(self, *, Bucket: str, Key: str, IfMatch: str) -> dict[str, Any]:  # noqa: N803
        self._called("get", Bucket)
        if Key not in self.objects:
            raise _ClientError("NoSuchKey")
        if self._facts(Key)["ETag"] != IfMatch:
            raise _ClientError("PreconditionFailed")
        self.opened.append(io.BytesIO(self.objects[Key][: self.cut]))
        return {"Body": self.opened[-1]}

    def _called(self, operation: str, bucket: str) -> None:
        self.calls.append(operation)
        if bucket != "exports":
            raise _ClientError("NoSuchBucket")
        if operation == self.denied:
            raise _ClientError("403" if operation == "head" else "AccessDenied")

    def _facts(self, key: str) -> dict[str, Any]:
        body = self.objects[key]
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        return {"Size": len(body), "ETag": etag, "LastModified": WRITTEN}


def test_a_local_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Its fingerprint is its SHA-256; its time is in microseconds; errors call it by its path."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    file: SourceFile = LocalFile(path)
    assert (file.name, file.size) == ("a.csv", 4)
    assert file.modified_at == 1_700_000_000_123_456
    assert file.fingerprint == hashlib.sha256(b"a,b\n").hexdigest()
    assert str(file) == str(path)
    with file.open() as opened:
        assert opened.read() == b"a,b\n"


def test_a_fingerprint_is_of_one_moment(tmp_path: Path) -> None:
    """It is read once; whoever looks again makes another."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    file = LocalFile(path, "called")
    before = file.fingerprint
    path.write_bytes(b"new")
    assert file.fingerprint == before != LocalFile(path, "called").fingerprint


def test_a_folder_lists_data_files_by_name(tmp_path: Path) -> None:
    """At any depth, relative with `/`; no hidden files, no markers, no linked folders."""
    for name in ("b.csv", "a/2.csv", "a/1.csv", "a-b.csv", "_SUCCESS", "a/_started", ".x.csv",
                 ".git/c.csv", "_d/e.csv"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "linked.csv").symlink_to(tmp_path / "b.csv")
    place: Place = LocalFolder(tmp_path)
    assert place.name == str(tmp_path)
    assert [file.name for file in place.files()] == [
        "_d/e.csv", "a-b.csv", "a/1.csv", "a/2.csv", "b.csv", "linked.csv",
    ]  # fmt: skip
    assert [file.size for file in place.files()][1] == len("a-b.csv")


def test_what_is_no_file(tmp_path: Path) -> None:
    """Each error names the path and what to do."""
    folder, gone = LocalFile(tmp_path), LocalFile(tmp_path / "none.csv")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for call, said in (
        (gone.open, f"{gone}: no such file; check the path"),
        (lambda: gone.size, f"{gone}: no such file; check the path"),
        (lambda: gone.fingerprint, f"{gone}: no such file; check the path"),
        (LocalFile(tmp_path / "file/x").open, f"{tmp_path}/file/x: no such file; check the path"),
        (folder.open, f"{tmp_path}: is a folder; name one file in it"),
        (lambda: folder.fingerprint, f"{tmp_path}: is a folder; name one file in it"),
        (LocalFile(tmp_path / "pipe").open,
         f"{tmp_path}/pipe: is not a regular file; save its content to one first"),
        (LocalFolder(tmp_path / "no").files, f"{tmp_path}/no: no such folder; check the path"),
        (LocalFolder(tmp_path / "file").files,
         f"{tmp_path}/file: is a file; name the folder it lies in"),
    ):  # fmt: skip
        with pytest.raises(SourceError) as error:
            call()
        assert str(error.value) == said


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of the system is one line; root, who runs some tests, is refused nothing."""
    (tmp_path / "a.csv").touch()

    def refuse(path: Any, *_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError, match=r"a\.csv: Permission denied; check its permissions$"):
        LocalFile(tmp_path / "a.csv").open()
    with pytest.raises(SourceError, match=f"{tmp_path}: Permission denied; check its permissions$"):
        LocalFolder(tmp_path).files()


def test_an_s3_prefix_is_a_folder() -> None:
    """Names are relative to it, over all pages; a neighbour with a longer name is not in it."""
    keys = ("e/m/b.csv", "e/m/a/c.csv", "e/m/", "e/m/a/", "e/m/_SUCCESS", "e/m/.x", "e/m-old/d.csv")
    client = _FakeS3({key: key.encode() for key in keys})
    for prefix in ("e/m", "e/m/"):
        place: Place = S3Prefix(client, "exports", prefix)
        files = place.files()
        assert place.name == f"s3://exports/{prefix}"
        assert [file.name for file in files] == ["a/c.csv", "b.csv"]
        assert [str(file) for file in files] == [
            "s3://exports/e/m/a/c.csv",
            "s3://exports/e/m/b.csv",
        ]
    assert len(S3Prefix(client, "exports", "").files()) == 3
    assert S3Prefix(client, "exports", "nothing").files() == []


def test_an_address_of_one_object_is_that_object() -> None:
    """As a shell's path of a file is."""
    client = _FakeS3({"e/a.csv": b"1", "e/a.csv.old": b"2"})
    (file,) = S3Prefix(client, "exports", "e/a.csv").files()
    assert (file.name, str(file)) == ("a.csv", "s3://exports/e/a.csv")
    assert S3Prefix(client, "exports", "e/a.cs").files() == []


def test_an_object_from_a_listing_is_as_one_by_its_key() -> None:
    """A listing saves the calls."""
    client = _FakeS3({"e/a.csv": b"a,b\n"})
    (listed,) = S3Prefix(client, "exports", "e").files()
    asked: SourceFile = S3Object(client, "exports", "e/a.csv", "mine")
    for file in (listed, asked):
        assert (file.size, file.modified_at) == (4, WRITTEN_MICROS)
        assert file.fingerprint == hashlib.md5(b"a,b\n").hexdigest() + ":4"
    assert (listed.name, asked.name) == ("a.csv", "mine")
    assert client.calls == ["list", "head"]


def test_an_object_is_read_as_a_stream() -> None:
    """In pieces, as text and through gzip; closing the file closes the connection."""
    text = "".join(f"{i},x\n" for i in range(10_000))
    client = _FakeS3({"plain": text.encode(), "packed": gzip.compress(text.encode())})
    plain, packed = (S3Object(client, "exports", key, key) for key in ("plain", "packed"))
    with plain.open() as file:
        assert not file.seekable()
        assert file.read(4) == b"0,x\n"
        assert file.read() == text[4:].encode()
    with packed.open() as file, gzip.open(file, "rt", newline="") as lines:
        assert "".join(lines) == text
    assert all(body.closed for body in client.opened)


def test_an_object_that_changed_is_not_read() -> None:
    """What is read is what the fingerprint says."""
    client = _FakeS3({"a": b"old"})
    (file,) = S3Prefix(client, "exports", "").files()
    client.objects["a"] = b"new"
    with pytest.raises(SourceChangedError, match="a: changed since it was listed; start again"):
        file.open()


def test_a_broken_transfer_is_not_a_short_file() -> None:
    """Whether the connection ends or fails, the rest is missed."""
    client = _FakeS3({"a": b"0123456789"})
    client.cut = 4
    file = S3Object(client, "exports", "a", "a")
    with file.open() as short, pytest.raises(SourceError) as ended:
        short.read()
    assert "after 4 of 10 bytes (the connection ended); try again" in str(ended.value)
    with file.open() as failing, pytest.raises(SourceError) as failed:
        client.opened[-1].close()
        failing.read()
    assert "after 0 of 10 bytes (ValueError: I/O operation" in str(failed.value)


def test_s3_refusals_say_what_to_do() -> None:
    """A wrong address, a missing permission, and anything else."""
    here = {"a": b"1"}

    def listing(client: Any, bucket: str = "exports") -> Any:
        return S3Prefix(client, bucket, "p").files

    def reading(client: Any, key: str = "a") -> Any:
        return S3Object(client, "exports", key, key).open

    class Offline:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("Could not connect\nto the endpoint")

    for call, said in (
        (listing(_FakeS3(here), "nope"), "s3://nope/p: no such bucket; check the address"),
        (listing(_FakeS3(here, "list")),
         "s3://exports/p: access denied; allow s3:ListBucket on the bucket exports"),
        (listing(Offline()),
         "s3://exports/p: ConnectionError: Could not connect to the endpoint; "
         "check the credentials and the network, then try again"),
        (reading(_FakeS3(here), "b"), "s3://exports/b: no such object; check the address"),
        (reading(_FakeS3(here, "head")),
         "s3://exports/a: access denied; allow s3:GetObject on it"),
        (reading(_FakeS3(here, "get")), "s3://exports/a: access denied; allow s3:GetObject on it"),
    ):  # fmt: skip
        with pytest.raises(SourceError) as error:
            call()
        assert str(error.value) == said


def test_s3_addresses() -> None:
    """A bucket and, perhaps, a prefix."""
    assert parse_s3_address("s3://b/p/q.csv") == ("b", "p/q.csv")
    assert parse_s3_address("s3://b/p/") == ("b", "p/")
    assert parse_s3_address("s3://b") == parse_s3_address("s3://b/") == ("b", "")
    for address in ("s3://", "s3:///p", "b/p", "https://b.s3.amazonaws.com/p"):
        with pytest.raises(SourceError, match="write s3://BUCKET/PREFIX"):
            parse_s3_address(address)
