"""Conditional requests of S3 as one step: nothing changes between the condition and the change.

Moto compares ETags before it puts or deletes, without a lock: of two clients that both create a key
under `If-None-Match: *`, both could be told that they were first.
"""

from collections.abc import Callable
from typing import Any

from moto.s3.responses import S3Response

from infra.local.aws.s3_files import BucketFiles

_CONDITIONS = ("If-Match", "If-None-Match")


class ConditionalS3Response(S3Response):
    """Moto's answers; a put or a delete with a condition holds the key's lock for all of it."""

    def put_object(self) -> Any:
        """Answer PutObject."""
        return self._alone(super().put_object)

    def delete_object(self) -> Any:
        """Answer DeleteObject."""
        return self._alone(super().delete_object)

    def _alone(self, answer: Callable[[], Any]) -> Any:
        if not any(self.headers.get(name) for name in _CONDITIONS):
            return answer()
        # The lock that every change of the key takes, by any client.
        files: BucketFiles = self.backend.files  # type: ignore[attr-defined]
        with files.lock(self.bucket_name, self.parse_key_name()):
            return answer()


url_paths = {
    "{0}/$": ConditionalS3Response.bucket_dispatch,
    "{0}/(?P<key_or_bucket_name>[^/]+)$": ConditionalS3Response.ambiguous_dispatch,
    "{0}/(?P<key_or_bucket_name>[^/]+)/$": ConditionalS3Response.ambiguous_dispatch,
    "{0}/(?P<bucket_name_path>[^/]+)/(?P<key_name>.+)": ConditionalS3Response.key_dispatch,
    "{0}/(?P<key_name>/.*)$": ConditionalS3Response.key_dispatch,
}
"""Moto's own paths (`moto.s3.urls`), answered by ours."""
