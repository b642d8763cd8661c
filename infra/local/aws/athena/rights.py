"""What a query's caller may: Athena reads the catalogue and S3, and writes, as whoever asked."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.local.aws.athena.errors import InvalidRequestError, PermissionDeniedError
from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.iam.principal import Principal
from infra.local.aws.iam.requirements import (
    bucket_arn,
    catalogue_calls,
    list_bucket,
    object_arn,
)
from infra.local.iam import Call


class Rights:
    """The rights of one caller; of a person's query everything is allowed.

    Args:
        access: who may do what.
        caller: whose query it is; None for a person's.
    """

    def __init__(self, access: Access = OPEN, caller: Principal | None = None) -> None:
        self._access = access
        self._caller = caller

    def locate(self, bucket: str) -> None:
        """Refuse a bucket for results that the caller may not even look for.

        Raises:
            InvalidRequestError: in Athena's words.
        """
        if self._access.denied(self._caller, Call("s3:GetBucketLocation", bucket_arn(bucket))):
            raise InvalidRequestError(f"Unable to verify/create output bucket {bucket}")

    def catalogue(self, action: str, database: str, table: str | None = None) -> None:
        """Refuse what the caller may not do in the catalogue.

        Raises:
            PermissionDeniedError: with Glue's reason.
        """
        reason = self._access.denied(self._caller, *catalogue_calls(action, database, table))
        if reason is not None:
            raise PermissionDeniedError(
                f"{reason} (Service: AWSGlue; Status Code: 400; Error Code: AccessDeniedException)",
                "Allow it in the role's policy.",
            )

    def find(self, bucket: str, prefix: str) -> None:
        """Refuse to list a table's objects where the caller may not.

        Raises:
            PermissionDeniedError: naming the path.
        """
        self._path(bucket, prefix, list_bucket(bucket, prefix))

    def read(self, paths: Iterable[str], buckets: Mapping[Path, str]) -> None:
        """Refuse to read objects that the caller may not.

        Args:
            paths: the objects' files.
            buckets: the folders that buckets are, and their names.

        Raises:
            PermissionDeniedError: naming the first.
        """
        if self._caller is None:
            return
        folders = {f"{folder}/": name for folder, name in buckets.items()}
        for path in paths:
            folder = next(f for f in folders if path.startswith(f))
            bucket, key = folders[folder], path.removeprefix(folder)
            self._path(bucket, key, Call("s3:GetObject", object_arn(bucket, key)))

    def write(self, output: str) -> None:
        """Refuse to store a result where the caller may not.

        Raises:
            PermissionDeniedError: in Athena's words.
        """
        bucket, _, key = output.removeprefix("s3://").partition("/")
        if self._access.denied(self._caller, Call("s3:PutObject", object_arn(bucket, key))):
            raise PermissionDeniedError(
                f"Access denied when writing output to url: {output}",
                "Please ensure you are allowed to access the S3 bucket.",
            )

    def _path(self, bucket: str, key: str, call: Call) -> None:
        reason = self._access.denied(self._caller, call)
        if reason is not None:
            raise PermissionDeniedError(
                f"Permission denied on S3 path: s3://{bucket}/{key}: {reason}",
                "Allow it in the role's policy.",
            )
