"""One server for a data directory, on loopback, for AWS clients only."""

import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest

from infra.local.aws.data_dir import running_server
from infra.local.aws.errors import InUseError
from infra.local.aws.server import LocalAws
from tests.infra.local_aws.conftest import open_aws
from tests.infra.local_aws.serving import served


def status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_an_sdk_needs_nothing_but_the_environment(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unmodified boto3 finds the services by the variables that the server names."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    assert boto3.Session().client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_second_server_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    """The refusal says where the first one is and how to end it."""
    with served(tmp_path) as server:
        with pytest.raises(InUseError, match="finops local down") as error:
            open_aws(tmp_path)
        assert server.endpoint_url in str(error.value)
        assert str(server.process.pid) in str(error.value)


def test_a_second_server_in_a_process_is_refused(aws: LocalAws, tmp_path: Path) -> None:
    """Moto's state is the process's; the refused one leaves its directory free."""
    with pytest.raises(InUseError, match="close that one first"):
        open_aws(tmp_path / "other")
    aws.close()
    open_aws(tmp_path / "other").close()


def test_a_closed_server_leaves_no_trace_in_the_next(tmp_path: Path) -> None:
    """Memory is forgotten, and the directory is free."""
    with open_aws(tmp_path / "one") as aws:
        aws.client("sqs").create_queue(QueueName="q")
        aws.client("s3").create_bucket(Bucket="lake")
        assert running_server(tmp_path / "one") is not None
    assert running_server(tmp_path / "one") is None
    with open_aws(tmp_path / "two") as aws:
        assert "QueueUrls" not in aws.client("sqs").list_queues()
        assert aws.client("s3").list_buckets()["Buckets"] == []


def test_pages_in_a_browser_and_motos_own_api_are_refused(aws: LocalAws) -> None:
    """Nothing that a web page sends is believed, and nobody resets the server."""
    page = urllib.request.Request(aws.endpoint_url, headers={"Origin": "http://evil.example"})
    reset = urllib.request.Request(aws.endpoint_url + "/moto-api/reset", method="POST")
    assert (status(page), status(reset)) == (403, 404)
    assert status(urllib.request.Request(aws.endpoint_url)) == 200


def test_it_listens_on_loopback_only(aws: LocalAws) -> None:
    """The server believes every caller, so nobody else may call."""
    assert aws.endpoint_url.startswith("http://127.0.0.1:")
