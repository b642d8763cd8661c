"""What the template allows and no run in the embedded AWS asks for, each with the reason.

A test runs the pipeline with permissions enforced and holds what it asked for against the template:
whatever is neither asked for nor listed here is too much, and whatever is listed and asked for is
listed wrongly.
"""

from collections.abc import Mapping

_MULTIPART = "large objects are written in parts on AWS, in one call here"
_FIREHOSE = "in the service's own list of what a role needs; not asked for here"
_NO_ANOMALY = "only where a cost is abnormal; tests/e2e/test_anomalies.py sees it used"

UNSEEN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("FirehoseRole", "WriteRawProcessedAndErrors"): {
        "s3:AbortMultipartUpload": _MULTIPART,
        "s3:GetObject": _FIREHOSE,
    },
    ("FirehoseRole", "ListTheLake"): {
        "s3:GetBucketLocation": _FIREHOSE,
        "s3:ListBucket": _FIREHOSE,
        "s3:ListBucketMultipartUploads": _MULTIPART,
    },
    ("FirehoseRole", "InvokeTheTransform"): {"lambda:GetFunctionConfiguration": _FIREHOSE},
    ("FirehoseRole", "WriteErrorLogs"): {
        "logs:PutLogEvents": "only where the function or a destination fails"
    },
    ("IngestRole", "DrainTheSpoolAndTakeBackClaims"): {
        "quarantine/*": "only where a source changed while it was read, or a delivery was given up",
        "state/ingested/*": "only where the stream refused a delivery half-way",
    },
    ("AnomaliesRole", "AddToTheHistory"): {"s3:PutObject": _NO_ANOMALY},
    ("AnomaliesRole", "TellOfAnomalies"): {"sns:Publish": _NO_ANOMALY},
    ("AuditRole", "ReportFailures"): {"sqs:SendMessage": "only where an audit fails three times"},
    ("KeepSummaries", "BuildSummaries"): {
        "s3:DeleteObject": "only where a build was replaced more than an hour ago"
    },
    ("QueryTheLake", "RunQueries"): {
        "athena:StopQueryExecution": "only where a query takes longer than its job may"
    },
    ("QueryTheLake", "KeepAnswers"): {
        "s3:AbortMultipartUpload": _MULTIPART,
        "s3:ListMultipartUploadParts": _MULTIPART,
    },
}
"""By role or managed policy and statement: an action, or the end of a resource, and the reason."""
