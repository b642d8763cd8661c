"""What we rely on inside moto; a new moto that changes it fails here first, by name."""

import inspect

from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import Role
from moto.logs.models import LogsBackend
from moto.moto_server import werkzeug_app
from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee, FakeKey, S3Backend, s3_backends
from moto.sts.models import STSBackend
from werkzeug.test import EnvironBuilder

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.lambda_backend import LocalLambdaBackend
from infra.local.aws.s3_backend import FileS3Backend
from infra.local.aws.s3_key import FileKey
from infra.local.aws.server import LocalAws


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_a_backend_class_can_be_replaced_before_its_first_use() -> None:
    """Backends are made lazily, for an account and a region, from the attribute we set."""
    made: list[tuple[str, str]] = []

    class Backend(BaseBackend):
        def __init__(self, region_name: str, account_id: str) -> None:
            super().__init__(region_name, account_id)
            made.append((region_name, account_id))

    backends = BackendDict(BaseBackend, "sqs")
    backends.backend = Backend
    assert made == []
    assert isinstance(backends[ACCOUNT][REGION], Backend)
    assert backends[ACCOUNT][REGION] is backends[ACCOUNT][REGION]
    assert made == [(REGION, ACCOUNT)]
    assert backends in BackendDict._instances  # type: ignore[misc]


def test_the_server_has_the_parts_that_ours_is_made_of() -> None:
    """The dispatching application takes the function that makes a service's application."""
    assert parameters(werkzeug_app.DomainDispatcherApplication) == ["create_app"]
    dispatcher = werkzeug_app.DomainDispatcherApplication
    assert parameters(dispatcher.get_backend_for_host) == ["self", "host"]
    assert parameters(werkzeug_app.create_backend_app) == ["service"]
    assert hasattr(werkzeug_app.MotoRequestHandler, "log")


def test_s3_keeps_its_bytes_where_we_take_them_over() -> None:
    """A key holds its bytes in one private buffer, and moto reads them by these names only."""
    key = FakeKey("k", b"abc", ACCOUNT, "aws")
    assert (key.value, key.contentsize, key.etag) == (b"abc", 3, f'"{key._etag}"')
    assert key.last_modified.tzinfo is None
    source = inspect.getsource(FakeKey)
    users = {"value", "etag", "dispose", "__init__", "__getstate__", "__setstate__"}
    for name, member in inspect.getmembers(FakeKey):
        function = member.fget if isinstance(member, property) else member
        if inspect.isfunction(function) and "_value_buffer" in inspect.getsource(function):
            assert name in users
    assert "_value_buffer" in source
    for kind in (FakeKey, FakeAcl, FakeGrant, FakeGrantee):
        assert isinstance(kind.instances_tracked, list)  # type: ignore[union-attr]
    key.dispose()


def test_all_writes_to_s3_go_through_two_methods() -> None:
    """Copies and completed uploads put, and bulk deletes delete, by the methods we override."""
    assert "self.put_object(" in inspect.getsource(S3Backend.copy_object)
    assert "self.put_object(" in inspect.getsource(S3Backend.complete_multipart_upload)
    assert "self.delete_object(" in inspect.getsource(S3Backend.delete_objects)
    for name in ("copy_object", "complete_multipart_upload"):
        assert "set_metadata(" in inspect.getsource(getattr(S3Backend, name))
    assert parameters(S3Backend.put_object)[:4] == ["self", "bucket_name", "key_name", "value"]
    assert "etag" in parameters(S3Backend.put_object)
    makers = [name for name, f in inspect.getmembers(S3Backend, inspect.isfunction)
              if "FakeKey(" in inspect.getsource(f)]  # fmt: skip
    assert makers == ["put_object"]


def test_our_backends_are_the_ones_in_use(aws: LocalAws) -> None:
    """After a call over HTTP, moto works with our classes."""
    aws.client("s3").create_bucket(Bucket="lake")
    aws.client("s3").put_object(Bucket="lake", Key="k", Body=b"x")
    aws.client("lambda").list_functions()
    backend = s3_backends[ACCOUNT]["aws"]
    assert isinstance(backend, FileS3Backend)
    assert isinstance(backend.get_bucket("lake").keys["k"], FileKey)
    assert isinstance(lambda_backends[ACCOUNT][REGION], LocalLambdaBackend)


def test_lambda_invokes_and_logs_by_the_methods_we_use() -> None:
    """One method answers all invocations; log groups are made on demand."""
    wanted = ["self", "function_name", "qualifier", "body", "headers", "response_headers"]
    assert parameters(LambdaBackend.invoke) == wanted
    for name in ("logs_group_name", "event_invoke_config", "environment_vars", "function_arn"):
        assert f"self.{name}" in inspect.getsource(LambdaFunction.__init__)
    assert parameters(LogsBackend.ensure_log_group) == ["self", "log_group_name"]
    assert parameters(LogsBackend.ensure_log_stream)[1:] == ["log_group_name", "log_stream_name"]


def test_policies_still_ignore_conditions() -> None:
    """The reason why conditional statements are left out; remove ours when moto evaluates them."""
    statement = (
        '{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", '
        '"Condition": {"Bool": {"aws:SecureTransport": "false"}}}'
    )
    policy = IAMPolicy(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}')
    assert policy.is_action_permitted("s3:GetObject", "any") == PermissionResult.DENIED


def test_a_session_is_found_by_its_key_and_a_role_has_its_documents() -> None:
    """What permissions are judged by."""
    assert parameters(STSBackend.assume_role)[1:] == [
        "region_name",
        "role_session_name",
        "role_arn",
        "policy",
        "duration",
        "external_id",
    ]
    assert parameters(STSBackend.get_assumed_role_from_access_key) == ["self", "access_key_id"]
    made = inspect.getsource(Role.__init__)
    for name in ("policies", "managed_policies", "permissions_boundary_arn"):
        assert f"self.{name}:" in made
    assert "self.assume_role_policy_document = assume_role_policy_document" in made


def test_moto_tells_the_operation_of_a_request() -> None:
    """By the service's own description; S3's by method, path and query."""
    environ = EnvironBuilder("/lake/a/b%20c", query_string="uploadId=1&partNumber=2", method="PUT")
    operation, path = get_service_router("s3").match(Request(environ.get_environ()))
    assert (operation.name, path) == ("UploadPart", {"Bucket": "lake", "Key": "a/b c"})
