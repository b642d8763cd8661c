"""S3 over plain files, through unmodified boto3."""

import hashlib
import io
import threading
from functools import partial
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from infra.local.aws.account import ACCOUNT
from infra.local.aws.s3_key import ObjectMovedError
from infra.local.aws.server import LocalAws
from tests.infra.local_aws.conftest import open_aws

MB = 1024 * 1024


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_object_is_a_plain_file(aws: LocalAws) -> None:
    """Any tool can read the lake while the server runs."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="raw/2026/a.gz", Body=b"hello")
    assert (aws.folder("lake") / "raw/2026/a.gz").read_bytes() == b"hello"
    s3.delete_object(Bucket="lake", Key="raw/2026/a.gz")
    assert not (aws.folder("lake") / "raw/2026/a.gz").exists()


def test_everything_is_there_again_at_the_next_start(tmp_path: Path) -> None:
    """Bytes, ETag, date, content type and metadata outlive the process; so do empty buckets."""
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        for bucket in ("lake", "empty"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="lake", Key="plain", Body=b"one")
        s3.put_object(
            Bucket="lake",
            Key="rich",
            Body=b"two",
            ContentType="text/csv",
            ContentEncoding="gzip",
            Metadata={"source": "focus"},
        )
        before = [s3.head_object(Bucket="lake", Key=key) for key in ("plain", "rich")]
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["empty", "lake"]
        after = [s3.head_object(Bucket="lake", Key=key) for key in ("plain", "rich")]
        for old, new in zip(before, after, strict=True):
            for member in (
                "ETag",
                "LastModified",
                "ContentType",
                "ContentLength",
                "Metadata",
                "ContentEncoding",
            ):
                assert new.get(member) == old.get(member)
        assert s3.get_object(Bucket="lake", Key="rich")["Body"].read() == b"two"


def test_a_file_from_elsewhere_is_an_object(tmp_path: Path) -> None:
    """What somebody puts into a bucket's folder between two runs is listed and read."""
    with open_aws(tmp_path) as aws:
        aws.client("s3").create_bucket(Bucket="lake")
        folder = aws.folder("lake")
    (folder / "mine").mkdir()
    (folder / "mine/file").write_bytes(b"by hand")
    with open_aws(tmp_path) as aws:
        head = aws.client("s3").head_object(Bucket="lake", Key="mine/file")
        assert head["ETag"] == f'"{hashlib.md5(b"by hand").hexdigest()}"'


def test_a_stale_property_is_not_believed(tmp_path: Path) -> None:
    """Properties of an object that was replaced by hand do not stick to the new file."""
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="k", Body=b"old", ContentType="text/csv")
        file = aws.folder("lake") / "k"
    file.write_bytes(b"other")
    with (tmp_path / "s3-properties/lake.jsonl").open("ab") as log:
        log.write(b'{"key": "k", "wri')  # what a crash leaves
    with open_aws(tmp_path) as aws:
        head = aws.client("s3").head_object(Bucket="lake", Key="k")
        assert head["ContentType"] == "binary/octet-stream"
        assert head["ETag"] == f'"{hashlib.md5(b"other").hexdigest()}"'


def test_large_uploads_come_in_parts_and_survive(tmp_path: Path) -> None:
    """The transfer manager's multipart upload and ranged download work over a restart."""
    body = bytes(range(256)) * (13 * MB // 256) + b"the end"
    parts = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="lake")
        s3.upload_fileobj(io.BytesIO(body), "lake", "big", Config=parts)
        etag = s3.head_object(Bucket="lake", Key="big")["ETag"]
        assert etag.endswith('-3"')
        assert s3.list_multipart_uploads(Bucket="lake").get("Uploads", []) == []
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        got = io.BytesIO()
        s3.download_fileobj("lake", "big", got, Config=parts)
        assert got.getvalue() == body
        assert s3.head_object(Bucket="lake", Key="big")["ETag"] == etag
        tail = s3.get_object(Bucket="lake", Key="big", Range="bytes=-7")["Body"].read()
        assert tail == b"the end"


def test_an_aborted_upload_leaves_no_object(aws: LocalAws) -> None:
    """Parts are nowhere in the lake until the upload is complete."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    upload = s3.create_multipart_upload(Bucket="lake", Key="big")["UploadId"]
    s3.upload_part(Bucket="lake", Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket="lake", Key="big", UploadId=upload)
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 0
    assert list(aws.folder("lake").rglob("*")) == []


def test_copies_keep_bytes_and_metadata(tmp_path: Path) -> None:
    """CopyObject makes a file of its own, with the source's headers."""
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        for bucket in ("one", "two"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="one", Key="a", Body=b"body", ContentType="text/csv")
        s3.copy_object(Bucket="two", Key="b", CopySource={"Bucket": "one", "Key": "a"})
        s3.delete_object(Bucket="one", Key="a")
    with open_aws(tmp_path) as aws:
        got = aws.client("s3").get_object(Bucket="two", Key="b")
        assert (got["Body"].read(), got["ContentType"]) == (b"body", "text/csv")


def test_many_objects_are_deleted_at_once(aws: LocalAws) -> None:
    """DeleteObjects removes the files, and absent keys are no error."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    for key in ("a/1", "a/2", "b"):
        s3.put_object(Bucket="lake", Key=key, Body=b"x")
    wanted = {"Objects": [{"Key": key} for key in ("a/1", "a/2", "none")]}
    assert "Errors" not in s3.delete_objects(Bucket="lake", Delete=wanted)
    assert [p.name for p in aws.folder("lake").rglob("*") if p.is_file()] == ["b"]


def test_a_versioned_bucket_keeps_what_is_current(tmp_path: Path) -> None:
    """A delete holds after a restart, and so does the last put; what they replaced is gone."""
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="lake")
        s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        for key in ("kept", "gone"):
            first = s3.put_object(Bucket="lake", Key=key, Body=b"first")["VersionId"]
            second = s3.put_object(Bucket="lake", Key=key, Body=b"second")["VersionId"]
        s3.delete_object(Bucket="lake", Key="gone")
        for version in (first, second):
            with pytest.raises(ClientError) as error:
                s3.get_object(Bucket="lake", Key="gone", VersionId=version)
            assert code(error) == "NoSuchVersion"
        assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 1
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        assert [o["Key"] for o in s3.list_objects_v2(Bucket="lake")["Contents"]] == ["kept"]
        assert s3.get_object(Bucket="lake", Key="kept")["Body"].read() == b"second"


@pytest.mark.parametrize("key", ["folder/", "a/../b", "a//b", "x" * 256, "taken/below", "upper"])
def test_a_key_that_is_no_file_is_refused(aws: LocalAws, key: str) -> None:
    """The refusal names the reason, and nothing is stored."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="taken", Body=b"x")
    s3.put_object(Bucket="lake", Key="upper/x", Body=b"x")
    with pytest.raises(ClientError, match="keeps objects as files") as error:
        s3.put_object(Bucket="lake", Key=key, Body=b"x")
    assert code(error) == "InvalidRequest"
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 2


def test_a_deleted_bucket_stays_deleted(tmp_path: Path) -> None:
    """A bucket with objects cannot be deleted, an empty one does not come back."""
    with open_aws(tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="a/b", Body=b"x", ContentType="text/csv")
        with pytest.raises(ClientError) as error:
            s3.delete_bucket(Bucket="lake")
        assert code(error) == "BucketNotEmpty"
        s3.delete_object(Bucket="lake", Key="a/b")
        s3.delete_bucket(Bucket="lake")
    with open_aws(tmp_path) as aws:
        assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_policy_that_asks_for_tls_locks_nobody_out(aws: LocalAws) -> None:
    """Conditions are not evaluated here; an unconditional denial is."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    deny = '{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"%s}'
    tls = deny % ', "Condition": {"Bool": {"aws:SecureTransport": "false"}}'
    s3.put_bucket_policy(Bucket="lake", Policy=f'{{"Version": "1", "Statement": [{tls}]}}')
    s3.put_object(Bucket="lake", Key="a", Body=b"x")
    s3.put_bucket_policy(Bucket="lake", Policy=f'{{"Version": "1", "Statement": {deny % ""}}}')
    with pytest.raises(ClientError):
        s3.put_object(Bucket="lake", Key="b", Body=b"x")


def test_a_reader_who_comes_too_late_is_told_to_try_again(aws: LocalAws) -> None:
    """Between look-up and reading an object may be replaced or deleted; neither is a mixture."""
    aws.client("s3").create_bucket(Bucket="lake")
    store = aws.store("lake")
    for change in (partial(store.put, "k", b"new"), partial(store.delete, "k")):
        store.put("k", b"old")
        looked_up = s3_backends[ACCOUNT]["aws"].get_object("lake", "k")
        assert looked_up is not None
        change()
        with pytest.raises(ObjectMovedError, match="try again"):
            assert looked_up.value


def test_readers_see_whole_objects_while_writers_replace_them(aws: LocalAws) -> None:
    """Concurrent puts and gets of one key never show a mixture or a wrong length."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake")
    bodies = [bytes([65 + n]) * (20_000 + n) for n in range(3)]
    s3.put_object(Bucket="lake", Key="k", Body=bodies[0])

    def write(body: bytes) -> None:
        for _ in range(15):
            aws.store("lake").put("k", body)

    writers = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for writer in writers:
        writer.start()
    seen = {s3.get_object(Bucket="lake", Key="k")["Body"].read() for _ in range(40)}
    for writer in writers:
        writer.join()
    assert seen <= set(bodies)
    last = (aws.folder("lake") / "k").read_bytes()
    assert s3.get_object(Bucket="lake", Key="k")["Body"].read() == last
    assert aws.store("lake").get("k") == last
