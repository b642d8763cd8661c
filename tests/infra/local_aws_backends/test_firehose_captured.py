"""Requests and answers over HTTP beside what was captured of the service: keys, types and texts."""

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlparse

import pytest

from infra.local.firehose import Faults
from infra.local.firehose.outcomes import Dropped, Rejected, judge
from tests.infra.firehose.captures import capture, form
from tests.infra.firehose.setups import configuration, plain, processing
from tests.infra.local_aws_backends.firehose_setup import FirehoseSetup

REQUESTS = {case["name"]: case for case in capture("refused_requests")["cases"]}
STREAMS = capture("refused_streams")["cases"]
ANSWERS = {case["name"]: case for case in capture("lambda_answers")["cases"]}


def call(firehose: FirehoseSetup, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Send a body as it is, which no SDK would, and return the status and the answer."""
    connection = http.client.HTTPConnection(urlparse(firehose.served.url).netloc)
    connection.request(
        "POST",
        "/",
        body,
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Firehose_20150804.{operation}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260301/us-east-1/firehose/"
            "aws4_request, SignedHeaders=host, Signature=none",
        },
    )
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def send(firehose: FirehoseSetup, operation: str, **request: Any) -> tuple[int, dict[str, Any]]:
    """Send a request as JSON."""
    return call(firehose, operation, json.dumps(request).encode())


def words(answer: dict[str, Any]) -> str | None:
    """Return an error's text; moto writes it under either name."""
    return answer.get("message", answer.get("Message"))


@pytest.mark.fact("responses-positional", "response-entry", "failed-put-count", "encrypted-answer")
def test_answers_to_puts_have_the_captured_form(firehose: FirehoseSetup) -> None:
    """Numbers are numbers, an entry is an id or an error, and the call succeeds."""
    captured = capture("put_answers")
    firehose.create(plain())
    name = "events"
    status, one = send(firehose, "PutRecord", DeliveryStreamName=name, Record={"Data": "eA=="})
    assert (status, form(one)) == (200, form(captured["PutRecord"]))
    firehose.control.inject(Faults(refuses=lambda ordinal, random: ordinal == 2))
    status, many = send(
        firehose, "PutRecordBatch", DeliveryStreamName=name, Records=[{"Data": "eA=="}] * 3
    )
    assert (status, form(many)) == (200, form(captured["PutRecordBatch"]))
    assert many["RequestResponses"][1] == captured["PutRecordBatch"]["RequestResponses"][1]


@pytest.mark.fact("batch-records", "stream-name", "stream-not-found")
@pytest.mark.parametrize("case", REQUESTS.values(), ids=REQUESTS)
def test_requests_are_refused_in_the_captured_words(
    firehose: FirehoseSetup, case: dict[str, Any]
) -> None:
    """What no SDK lets through is refused by the endpoint as well, all of it at once."""
    firehose.create(plain())
    status, answer = send(firehose, case["operation"], **case["request"])
    assert status == 400
    assert (answer["__type"], words(answer)) == (case["code"], case.get("message"))


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutRecord", "nonsense"),
        ("PutRecord", "[]"),
        ("PutRecord", '{"DeliveryStreamName":"events","Record":[]}'),
        ("PutRecord", '{"DeliveryStreamName":"events","Record":{"Data":5}}'),
        ("PutRecordBatch", '{"DeliveryStreamName":"events","Records":["x"]}'),
        ("PutRecordBatch", '{"DeliveryStreamName":5,"Records":[]}'),
        ("CreateDeliveryStream", '{"ExtendedS3DestinationConfiguration":"x"}'),
        ("ListDeliveryStreams", '{"Limit":true}'),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    firehose: FirehoseSetup, operation: str, body: str
) -> None:
    """What is no JSON, or has other types than the API, is refused, and the endpoint stays."""
    status, answer = call(firehose, operation, body.encode())
    assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.fact("record-empty", "record-largest", "batch-records", "batch-bytes")
@pytest.mark.parametrize(
    ("sizes", "code", "message"),
    [
        ([0], None, None),
        ([1_024_000], None, None),
        (
            [1, 1_024_001],
            "ValidationException",
            "1 validation error detected: Value at 'records.2.member.data' failed to satisfy "
            "constraint: Member must have length less than or equal to 1024000",
        ),
        ([1] * 500, None, None),
        (
            [1] * 501,
            "ValidationException",
            "1 validation error detected: Value at 'records' failed to satisfy constraint: Member "
            "must have length less than or equal to 500",
        ),
        ([1_000_000] * 4 + [194_304], None, None),
        (
            [1_000_000] * 4 + [194_305],
            "InvalidArgumentException",
            "Records size exceeds 4 MB limit",
        ),
    ],
    ids=["empty", "largest", "too large", "most", "too many", "4 MiB", "more than 4 MiB"],
)
def test_the_boundaries_of_a_batch(
    firehose: FirehoseSetup, sizes: list[int], code: str | None, message: str | None
) -> None:
    """The last that is taken and the first that is not, each with its own error."""
    firehose.create(plain())
    records = [{"Data": base64.b64encode(b"x" * size).decode()} for size in sizes]
    status, answer = send(firehose, "PutRecordBatch", DeliveryStreamName="events", Records=records)
    assert (answer.get("__type"), words(answer)) == (code, message)
    assert status == (400 if code else 200)


@pytest.mark.parametrize("case", STREAMS, ids=lambda case: case["message"][:60])
def test_streams_are_refused_in_the_captured_words(
    firehose: FirehoseSetup, case: dict[str, Any]
) -> None:
    """A configuration that a real deploy was refused is refused with the same words."""
    status, answer = send(
        firehose,
        "CreateDeliveryStream",
        DeliveryStreamName="refused",
        ExtendedS3DestinationConfiguration=configuration(**case["changes"]),
    )
    assert status == 400
    assert (answer["__type"], words(answer)) == (case["code"], case["message"])


@pytest.mark.fact("event-shape", "event-arrival", "event-direct-put")
def test_the_event_has_the_captured_form(firehose: FirehoseSetup) -> None:
    """Members, their order and their types."""
    firehose.create(plain())
    firehose.put(b"x")
    firehose.control.flush()
    (event,) = firehose.function.events
    assert form(event) == form(capture("lambda_event")["event"])
    assert event["deliveryStreamArn"] == capture("lambda_event")["event"]["deliveryStreamArn"]


@pytest.mark.fact("error-line-fields", "error-line-format", "error-object-extension")
def test_a_failed_record_has_the_captured_line(firehose: FirehoseSetup) -> None:
    """The line of a record that the function fails, in an object of lines."""
    firehose.function.answer = lambda r: {"recordId": r["recordId"], "result": "ProcessingFailed"}
    firehose.create(plain())
    firehose.put(b"x", b"y")
    firehose.control.flush()
    (key,) = firehose.keys("errors/processing-failed/")
    body = firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read()
    lines = [json.loads(line) for line in body.splitlines()]
    captured = capture("processing_failed_line")["line"]
    assert [form(line) for line in lines] == [form(captured)] * 2
    assert lines[0]["errorMessage"] == captured["errorMessage"]
    assert body.endswith(b"}\n")


@pytest.mark.fact("conversion-error-fields", "conversion-malformed")
def test_a_record_that_does_not_convert_has_the_captured_line(firehose: FirehoseSetup) -> None:
    """Its own fields, and the table it should have fitted."""
    firehose.create()
    firehose.put(b'{"id":"oops"}')
    firehose.control.flush()
    (key,) = firehose.keys("errors/format-conversion-failed/")
    line = json.loads(firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read())
    captured = capture("conversion_failed_line")["line"]
    assert form(line) == form(captured)
    for name in ("lastErrorCode", "lastErrorMessage", "rawData", "dataCatalogTable"):
        assert line[name] == captured[name]


@pytest.mark.fact(
    "lambda-missing-id", "lambda-unknown-id", "lambda-duplicate-id", "lambda-bad-result"
)
@pytest.mark.fact("lambda-null-data", "lambda-bad-base64", "lambda-failed-status")
@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_answers_of_functions_are_judged_as_captured(case: dict[str, Any]) -> None:
    """Code, text and what else fails beside."""
    outcomes = judge(capture("lambda_answers")["ids"], json.dumps({"records": case["records"]}))
    seen = ["Dropped" if isinstance(o, Dropped) else getattr(o, "code", o) for o in outcomes]
    assert seen == case["outcomes"]
    assert {o.message for o in outcomes if isinstance(o, Rejected)} == {case["message"]}


@pytest.mark.fact("describe-lambda", "retries-default", "lambda-buffer-size")
def test_the_lambda_is_described_as_captured(firehose: FirehoseSetup) -> None:
    """Defaults are filled in as the service writes them, in its order."""
    given = processing(NumberOfRetries="", BufferSizeInMBs="", BufferIntervalInSeconds="")
    given["Processors"][0]["Parameters"].append(
        {"ParameterName": "RoleArn", "ParameterValue": "arn:aws:iam::000000000000:role/firehose"}
    )
    firehose.create(plain(ProcessingConfiguration=given))
    (destination,) = firehose.described()["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    (processor,) = extended["ProcessingConfiguration"]["Processors"]
    assert [tuple(p.values()) for p in processor["Parameters"]][1:] == [
        ("NumberOfRetries", "3"),
        ("RoleArn", "arn:aws:iam::000000000000:role/firehose"),
        ("BufferSizeInMBs", "1"),
        ("BufferIntervalInSeconds", "60"),
    ]
