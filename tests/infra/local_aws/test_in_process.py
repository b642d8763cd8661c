"""Calls that take no socket: a client of an address where nobody listens, answered all the same."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.aws.in_process import answer_here

NOBODY = "http://127.0.0.1:1"


def test_the_application_answers_as_over_http() -> None:
    """Paths with any character, bodies of bytes, answers and refusals."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    application = DomainDispatcherApplication(create_backend_app)
    s3, sqs = (session.client(name, endpoint_url=NOBODY) for name in ("s3", "sqs"))
    for client in (s3, sqs):
        answer_here(client, application)
    s3.create_bucket(Bucket="no-socket")
    key, body = "a b/ü+%41?", bytes(range(256))
    s3.put_object(Bucket="no-socket", Key=key, Body=body)
    assert s3.get_object(Bucket="no-socket", Key=key)["Body"].read() == body
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="no-socket")["Contents"]] == [key]
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket="nobody-has-it", Key="k", Body=b"")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="grüße")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "grüße"
