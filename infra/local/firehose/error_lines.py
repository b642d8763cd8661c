"""Lines of the error output: newline-delimited JSON, fields in the order captured (§2.4, §3.4)."""

import base64

import orjson

from infra.local.firehose.records import ErrorLine, Failure, epoch_millis
from infra.local.firehose.settings import Catalogue

PROCESSING = "processing-failed"
CONVERSION = "format-conversion-failed"


def processing_line(failure: Failure, lambda_arn: str) -> ErrorLine:
    """Render a record that the Lambda step failed; the service writes `lambdaARN`, not `Arn`."""
    return _line(failure, {**_common(failure), "lambdaARN": lambda_arn})


def partitioning_line(failure: Failure) -> ErrorLine:
    """Render a record without a usable partition; its fields are assumed to be the common ones."""
    return _line(failure, _common(failure))


def conversion_line(failure: Failure, catalogue: Catalogue) -> ErrorLine:
    """Render a record that did not convert."""
    fields: dict[str, object] = {
        "attemptsMade": failure.attempts,
        "arrivalTimestamp": epoch_millis(failure.source.arrival),
        "lastErrorCode": failure.code,
        "lastErrorMessage": failure.message,
        "attemptEndingTimestamp": epoch_millis(failure.ended),
        "rawData": _base64(failure.raw),
        "sequenceNumber": None,  # Direct PUT records have none
        "subSequenceNumber": None,
        "dataCatalogTable": {
            "catalogId": catalogue.catalog_id,
            "databaseName": catalogue.database,
            "tableName": catalogue.table,
            "region": catalogue.region,
            "versionId": catalogue.version,
            "roleArn": catalogue.role,
        },
    }
    return _line(failure, fields)


def _common(failure: Failure) -> dict[str, object]:
    return {
        "rawData": _base64(failure.raw),
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptsMade": failure.attempts,
        "arrivalTimestamp": epoch_millis(failure.source.arrival),
        "attemptEndingTimestamp": epoch_millis(failure.ended),
    }


def _line(failure: Failure, fields: dict[str, object]) -> ErrorLine:
    source = failure.source
    return ErrorLine(source.arrival, source.sequence, orjson.dumps(fields), source.size)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
