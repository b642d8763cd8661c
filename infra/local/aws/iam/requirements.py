"""What an HTTP call needs to be allowed, after the Service Authorization Reference.

Only operations that are listed here can be called with a role's keys.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.athena.models import athena_backends
from moto.s3.models import FakeKey, s3_backends

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.iam import Call

Body = Mapping[str, Any]
Needs = Callable[[str, Body], list[Call]]
"""An action and a request's parameters to what has to be allowed."""


def arn(service: str, resource: str) -> str:
    """Return the ARN of one of our resources."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def object_arn(bucket: str, key: str) -> str:
    """Return the ARN of an object."""
    return f"arn:aws:s3:::{bucket}/{key}"


def bucket_arn(bucket: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:aws:s3:::{bucket}"


def list_bucket(bucket: str, prefix: str | None) -> Call:
    """Return what a listing needs; None lists without a prefix."""
    context = () if prefix is None else (("s3:prefix", prefix),)
    return Call("s3:ListBucket", bucket_arn(bucket), context)


def queue_arn(url: str) -> str:
    """Return the ARN of the queue of an URL."""
    return arn("sqs", url.rpartition("/")[2])


def log_stream_arn(group: str, stream: str) -> str:
    """Return the ARN of a log stream."""
    return arn("logs", f"log-group:{group}:log-stream:{stream}")


def function_arn(name: str, qualifier: str | None = None) -> str:
    """Return the ARN of what an invocation names: a name or an ARN, qualified or not."""
    parts = name.split(":")
    if "function" in parts:
        parts = parts[parts.index("function") + 1 :]
    qualified = [*parts[:2], *([qualifier] if qualifier and len(parts) == 1 else [])]
    return arn("lambda", ":".join(["function", *qualified]))


def catalogue_calls(action: str, database: str, table: str | None = None) -> list[Call]:
    """Return what a call of Glue needs: everything from the catalogue down to what it is about."""
    resources = ["catalog", f"database/{database}"]
    if table is not None:
        resources.append(f"table/{database}/{table}")
    return [Call(action, arn("glue", resource)) for resource in resources]


def _read_object(action: str, body: Body) -> list[Call]:
    bucket, key = body["Bucket"], body["Key"]
    calls = [Call(action, object_arn(bucket, key))]
    if not _exists(bucket, key):
        # Whether an object is there is told to those only who may list it.
        calls.append(list_bucket(bucket, key))
    return calls


def _object(action: str, body: Body) -> list[Call]:
    return [Call(action, object_arn(body["Bucket"], body["Key"]))]


def _bucket(action: str, body: Body) -> list[Call]:
    return [Call(action, bucket_arn(body["Bucket"]))]


def _listing(action: str, body: Body) -> list[Call]:
    return [list_bucket(body["Bucket"], body.get("prefix"))]


def _stream(action: str, body: Body) -> list[Call]:
    return [Call(action, arn("firehose", f"deliverystream/{body['DeliveryStreamName']}"))]


def _workgroup(action: str, body: Body) -> list[Call]:
    return [Call(action, arn("athena", f"workgroup/{body.get('WorkGroup') or 'primary'}"))]


def _execution(action: str, body: Body) -> list[Call]:
    execution = _known_execution(body["QueryExecutionId"])
    # One that is not there has no workgroup, and the service says so.
    return [] if execution is None else _workgroup(action, {"WorkGroup": execution.workgroup})


def _answer(action: str, body: Body) -> list[Call]:
    execution = _known_execution(body["QueryExecutionId"])
    if execution is None:
        return []
    bucket, _, key = execution.output.removeprefix("s3://").partition("/")
    # Athena reads the answer from S3, as who asks for it.
    return [*_execution(action, body), Call("s3:GetObject", object_arn(bucket, key))]


def _executions(action: str, body: Body) -> list[Call]:
    ids = body["QueryExecutionIds"]
    return [call for id_ in ids for call in _execution(action, {"QueryExecutionId": id_})]


def _named_query(action: str, body: Body) -> list[Call]:
    return _named_queries(action, {"NamedQueryIds": [body["NamedQueryId"]]})


def _named_queries(action: str, body: Body) -> list[Call]:
    service: Any = athena_backends[ACCOUNT][REGION]
    groups = (service.service.named_queries.workgroup(id_) for id_ in body["NamedQueryIds"])
    # One that is not there has no workgroup, and the service says so.
    return [call for group in groups if group for call in _workgroup(action, {"WorkGroup": group})]


def _new_workgroup(action: str, body: Body) -> list[Call]:
    return _workgroup(action, {"WorkGroup": body["Name"]})


def _no_resource(action: str, body: Body) -> list[Call]:
    return [Call(action, "*")]


def _data_catalog(action: str, body: Body) -> list[Call]:
    name = body.get("CatalogName") or body.get("Name")
    return [Call(action, arn("athena", f"datacatalog/{name}"))]


def _catalog_database(action: str, body: Body) -> list[Call]:
    # Athena asks Glue as who asks.
    return [
        *_data_catalog(action, body),
        *catalogue_calls("glue:GetDatabase", body["DatabaseName"]),
    ]


def _catalog_table(action: str, body: Body) -> list[Call]:
    named = body["DatabaseName"], body["TableName"]
    return [*_data_catalog(action, body), *catalogue_calls("glue:GetTable", *named)]


def _known_execution(id_: str) -> Any:
    service: Any = athena_backends[ACCOUNT][REGION]
    return service.service.known(id_)


def _queue(action: str, body: Body) -> list[Call]:
    return [Call(action, queue_arn(body["QueueUrl"]))]


def _topic(action: str, body: Body) -> list[Call]:
    return [Call(action, body["TopicArn"])]


def _log_stream(action: str, body: Body) -> list[Call]:
    return [Call(action, log_stream_arn(body["logGroupName"], body["logStreamName"]))]


def _function(action: str, body: Body) -> list[Call]:
    return [Call(action, function_arn(body["FunctionName"], body.get("Qualifier")))]


def _database(action: str, body: Body) -> list[Call]:
    return catalogue_calls(action, body["Name"])


def _table(action: str, body: Body) -> list[Call]:
    return catalogue_calls(action, body["DatabaseName"], body["Name"])


_PUT = ("s3:PutObject", _object)
_ATHENA: Mapping[str, Needs] = {
    "BatchGetNamedQuery": _named_queries,
    "BatchGetPreparedStatement": _workgroup,
    "BatchGetQueryExecution": _executions,
    "CreateNamedQuery": _workgroup,
    "CreatePreparedStatement": _workgroup,
    "CreateWorkGroup": _new_workgroup,
    "DeleteNamedQuery": _named_query,
    "DeletePreparedStatement": _workgroup,
    "DeleteWorkGroup": _workgroup,
    "GetDataCatalog": _data_catalog,
    "GetDatabase": _catalog_database,
    "GetNamedQuery": _named_query,
    "GetPreparedStatement": _workgroup,
    "GetQueryExecution": _execution,
    "GetQueryResults": _answer,
    "GetQueryRuntimeStatistics": _execution,
    "GetTableMetadata": _catalog_table,
    "GetWorkGroup": _workgroup,
    "ListDataCatalogs": _no_resource,
    "ListDatabases": _data_catalog,
    "ListNamedQueries": _workgroup,
    "ListPreparedStatements": _workgroup,
    "ListQueryExecutions": _workgroup,
    "ListTableMetadata": _catalog_database,
    "ListWorkGroups": _no_resource,
    "StartQueryExecution": _workgroup,
    "StopQueryExecution": _execution,
    "UpdateNamedQuery": _named_query,
    "UpdatePreparedStatement": _workgroup,
    "UpdateWorkGroup": _workgroup,
}
"""Athena's operations, whose actions have their names."""
OPERATIONS: Mapping[tuple[str, str], tuple[str, Needs]] = {
    **{("athena", name): (f"athena:{name}", needs) for name, needs in _ATHENA.items()},
    ("firehose", "DescribeDeliveryStream"): ("firehose:DescribeDeliveryStream", _stream),
    ("firehose", "PutRecord"): ("firehose:PutRecord", _stream),
    ("firehose", "PutRecordBatch"): ("firehose:PutRecordBatch", _stream),
    ("glue", "GetDatabase"): ("glue:GetDatabase", _database),
    ("glue", "GetTable"): ("glue:GetTable", _table),
    ("lambda", "Invoke"): ("lambda:InvokeFunction", _function),
    ("logs", "CreateLogStream"): ("logs:CreateLogStream", _log_stream),
    ("logs", "PutLogEvents"): ("logs:PutLogEvents", _log_stream),
    ("s3", "AbortMultipartUpload"): ("s3:AbortMultipartUpload", _object),
    ("s3", "CompleteMultipartUpload"): _PUT,
    ("s3", "CreateMultipartUpload"): _PUT,
    ("s3", "DeleteObject"): ("s3:DeleteObject", _object),
    ("s3", "GetBucketLocation"): ("s3:GetBucketLocation", _bucket),
    ("s3", "GetObject"): ("s3:GetObject", _read_object),
    ("s3", "HeadBucket"): ("s3:ListBucket", _bucket),
    ("s3", "HeadObject"): ("s3:GetObject", _read_object),
    ("s3", "ListMultipartUploads"): ("s3:ListBucketMultipartUploads", _bucket),
    ("s3", "ListObjects"): ("s3:ListBucket", _listing),
    ("s3", "ListObjectsV2"): ("s3:ListBucket", _listing),
    ("s3", "ListParts"): ("s3:ListMultipartUploadParts", _object),
    ("s3", "PutObject"): _PUT,
    ("s3", "UploadPart"): _PUT,
    ("sns", "Publish"): ("sns:Publish", _topic),
    ("sqs", "SendMessage"): ("sqs:SendMessage", _queue),
    # Nobody can be denied this.
    ("sts", "GetCallerIdentity"): ("sts:GetCallerIdentity", lambda action, body: []),
}


def needed(service: str, operation: str, body: Body) -> list[Call] | None:
    """Return what has to be allowed for a call; None for one that nobody has described here."""
    if (service, operation) not in OPERATIONS:
        return None
    action, needs = OPERATIONS[service, operation]
    return needs(action, body)


def _exists(bucket: str, key: str) -> bool:
    buckets = s3_backends[ACCOUNT]["aws"].buckets
    # No bucket at all is no secret.
    return bucket not in buckets or isinstance(buckets[bucket].keys.get(key), FakeKey)
