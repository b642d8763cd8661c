"""The Lambda handler, called with Firehose's captured request shape."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas import codec
from schemas.codec import ChargeEncoder, Reason
from tests.transforms.test_core import ENVELOPE, at_home, example
from transforms.core import Failed, Ok
from transforms.firehose_handler import handler
from transforms.firehose_io import MAX_REPLY_BYTES, answer

REQUEST = Path(__file__).parent.parent / "events" / "firehose_direct_put.json"


def request(*bodies: bytes) -> dict[str, object]:
    event = json.loads(REQUEST.read_text("utf-8"))
    shape = event["records"][0]
    event["records"] = [
        {**shape, "recordId": f"{shape['recordId']}{i}", "data": base64.b64encode(body).decode()}
        for i, body in enumerate(bodies)
    ]
    return event  # type: ignore[no-any-return]


def good_record() -> bytes:
    encoder = ChargeEncoder()
    return codec.compress(encoder.message(ENVELOPE, [encoder.event(at_home(example()))]))


def test_every_record_id_is_answered_once_in_order(capsys: object) -> None:
    """Good records are Ok with data and partition keys; bad ones ProcessingFailed."""
    event = request(good_record(), b"", b"\x1f\x8bnot gzip", good_record())
    reply = handler(event, None)
    ids = [r["recordId"] for r in event["records"]]  # type: ignore[attr-defined]
    assert [r["recordId"] for r in reply["records"]] == ids
    results = [r["result"] for r in reply["records"]]
    assert results == ["Ok", "ProcessingFailed", "ProcessingFailed", "Ok"]
    ok = reply["records"][0]
    assert base64.b64decode(ok["data"]).endswith(b"}\n")
    assert set(ok["metadata"]["partitionKeys"]) == {"table", "partition"}
    assert json.loads(json.dumps(reply)) == reply


def test_what_does_not_fit_the_reply_is_failed_and_the_rest_is_answered() -> None:
    """Never more than Lambda can answer; what is too large says so."""
    sizes = {b"a": 3_000_000, b"b": 2_000_000, b"c": 1_000}
    reply, outcomes = answer(
        request(*sizes), lambda body: Ok(bytes(sizes[body]), {"table": "t", "partition": "p"}, 1)
    )
    assert [r["result"] for r in reply["records"]] == ["Ok", "ProcessingFailed", "Ok"]
    failed = outcomes[1].result
    assert isinstance(failed, Failed)
    assert failed.reason is Reason.RESPONSE_TOO_LARGE
    assert len(json.dumps(reply)) <= MAX_REPLY_BYTES


def test_the_function_imports_nothing_heavy() -> None:
    """No engine, no column library, no SDK: the package stays small and starts fast."""
    heavy = "pyarrow duckdb boto3 botocore.session moto click sqlglot producers infra"
    code = (
        "import sys, transforms.firehose_handler; "
        f"print([m for m in '{heavy}'.split() if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def metrics_in(printed: str) -> dict[tuple[str, ...], float]:
    """Return the metrics of a log by name and dimension values."""
    found = {}
    for line in printed.splitlines():
        root = json.loads(line)
        for directive in root.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert directive["Namespace"] == "FinOpsFirehose"
            for dimensions in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    value = root[metric["Name"]]
                    key = (metric["Name"], *(root[d] for d in dimensions))
                    found[key] = sum(value) if isinstance(value, list) else value
    return found


def test_metrics_count_events_and_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    """A record of two charges without tags is two events; findings tell of rules and money."""
    encoder = ChargeEncoder()
    untagged = {**at_home(example()), "tags": {}, "billed_cost": "2.5", "effective_cost": "2.5"}
    events = [encoder.event({**untagged, "ordinal": n}) for n in range(2)]
    two = codec.compress(encoder.message(ENVELOPE, events))
    capsys.readouterr()
    reply = handler(request(two, b"broken"), None)
    found = metrics_in(capsys.readouterr().out)
    service = "finops-transform"
    assert found["Events", service] == 2
    assert found["Records", service] == 2
    assert found["RecordsFailed", service] == 1
    size = sum(len(r["data"]) for r in reply["records"])
    assert size < found["AnswerBytes", service] < size + 1_000
    (row, _) = base64.b64decode(reply["records"][0]["data"]).splitlines()
    findings = json.loads(row)["findings"]
    currency = json.loads(row)["billing_currency"]
    assert findings
    for finding in findings:
        assert found["Findings", service, finding["rule"]] == 2
        money = found["FindingsAmount", service, finding["rule"], currency]
        assert money == 2 * float(finding["amount"])
