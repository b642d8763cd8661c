"""Calls that take no socket: a client of an address where nobody listens, answered all the same."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws.in_process import answer_here

NOBODY = "http://127.0.0.1:1"
BODY = bytes(range(256))


class Keeper:
    """An application that keeps one body by path, and what it was asked."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.asked: list[WSGIEnvironment] = []

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        """Keep what is put, give what is kept, and refuse the rest as S3 does."""
        self.asked.append(environ)
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        if environ["REQUEST_METHOD"] == "PUT":
            self.kept[path] = environ["wsgi.input"].read()
            respond("200 OK", [("ETag", '"e"')])
            return []
        if path not in self.kept:
            respond("404 Not Found", [("Content-Type", "application/xml")])
            return [b"<Error><Code>NoSuchKey</Code>", b"<Message>gone</Message></Error>"]
        respond("200 OK", [("Content-Length", "256"), ("x-amz-meta-who", "me")])
        return [self.kept[path]]


def test_the_application_answers_as_over_http() -> None:
    """Paths with any character, bodies of bytes, headers, answers and refusals."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    s3, application = session.client("s3", endpoint_url=NOBODY), Keeper()
    answer_here(s3, application)
    key = "a b/ü+%41?"
    assert s3.put_object(Bucket="bucket", Key=key, Body=BODY)["ETag"] == '"e"'
    assert application.kept == {f"/bucket/{key}": BODY}
    found = s3.get_object(Bucket="bucket", Key=key, VersionId="v 1")
    assert (found["Body"].read(), found["Metadata"]) == (BODY, {"who": "me"})
    put, got = application.asked
    assert put["CONTENT_LENGTH"] == "256"
    assert put["HTTP_AUTHORIZATION"].startswith("AWS4-HMAC-SHA256")
    assert (got["HTTP_HOST"], got["QUERY_STRING"]) == ("127.0.0.1:1", "versionId=v%201")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="other")
