"""Athena for moto: its API over HTTP, `LocalAthena` behind it, Glue the only catalogue."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.athena import urls
from moto.athena.models import AthenaBackend, athena_backends
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult

from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.executions import ENGINE_VERSION
from infra.local.aws.athena.results import page_start, result_page
from infra.local.aws.athena.service import AthenaService, AthenaWiring, Background, in_thread
from infra.local.aws.athena.tables import BucketFolder
from infra.local.aws.athena.workgroups import PRIMARY
from infra.local.aws.glue_tables import GlueCatalogue
from infra.local.aws.iam.access import OPEN, Access
from infra.local.clock import Clock
from schemas.lake import ObjectStore

_PAGE = 50


class LocalAthenaBackend(AthenaBackend):
    """The executions and workgroups of one account and region."""

    wiring: ClassVar[AthenaWiring]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.service = AthenaService(self.wiring, GlueCatalogue(account_id, region_name))

    @property
    def _url_module(self) -> Any:
        paths = {"{0}/$": LocalAthenaResponse.dispatch}
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


class LocalAthenaResponse(AthenaResponse):
    """The API's actions; named queries, prepared statements and tags are moto's own."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True

    def start_query_execution(self) -> Any:
        """Answer StartQueryExecution."""
        with _invalid_requests():
            return ActionResult({"QueryExecutionId": self._local.start(self.params)})

    def get_query_execution(self) -> Any:
        """Answer GetQueryExecution."""
        with _invalid_requests():
            execution = self._local.execution(self.params["QueryExecutionId"])
            return ActionResult({"QueryExecution": execution.describe()})

    def batch_get_query_execution(self) -> ActionResult:
        """Answer BatchGetQueryExecution."""
        found, unknown = [], []
        for id_ in self.params["QueryExecutionIds"]:
            try:
                found.append(self._local.execution(id_).describe())
            except InvalidRequestError as error:
                unknown.append(
                    {
                        "QueryExecutionId": id_,
                        "ErrorCode": "INVALID_INPUT",
                        "ErrorMessage": error.message,
                    }
                )
        return ActionResult({"QueryExecutions": found, "UnprocessedQueryExecutionIds": unknown})

    def get_query_results(self) -> Any:
        """Answer GetQueryResults."""
        with _invalid_requests():
            answer = self._local.answer(self.params["QueryExecutionId"])
            limit, token = self.params.get("MaxResults"), self.params.get("NextToken")
            return ActionResult(result_page(answer, limit, token))

    def stop_query_execution(self) -> Any:
        """Answer StopQueryExecution."""
        with _invalid_requests():
            self._local.stop(self.params["QueryExecutionId"])
            return EmptyResult()

    def list_query_executions(self) -> Any:
        """Answer ListQueryExecutions."""
        with _invalid_requests():
            ids = self._local.executions(self.params.get("WorkGroup") or PRIMARY)
            return ActionResult(self._page("QueryExecutionIds", ids))

    def create_work_group(self) -> Any:
        """Answer CreateWorkGroup."""
        with _invalid_requests():
            self._local.create_workgroup(self.params)
        name, tags = self.params["Name"], self.params.get("Tags") or []
        self.athena_backend.create_work_group(name, {}, "", tags)  # for tags and named queries
        return EmptyResult()

    def get_work_group(self) -> Any:
        """Answer GetWorkGroup."""
        with _invalid_requests():
            group = self._local.workgroups.get(self.params["WorkGroup"])
            return ActionResult({"WorkGroup": group.describe()})

    def list_work_groups(self) -> Any:
        """Answer ListWorkGroups."""
        groups = [
            {**group.summary(), "EngineVersion": ENGINE_VERSION}
            for group in self._local.workgroups.list()
        ]
        with _invalid_requests():
            return ActionResult(self._page("WorkGroups", groups))

    def update_work_group(self) -> ActionResult:
        """Answer UpdateWorkGroup."""
        with _invalid_requests():
            self._local.workgroups.update(self.params)
            return EmptyResult()

    def delete_work_group(self) -> Any:
        """Answer DeleteWorkGroup."""
        with _invalid_requests():
            self._local.workgroups.delete(self.params["WorkGroup"])
        self.athena_backend.delete_work_group(self.params["WorkGroup"])
        return EmptyResult()

    def _page(self, name: str, items: list[Any]) -> dict[str, Any]:
        limit = self.params.get("MaxResults") or _PAGE
        begin = page_start(self.params.get("NextToken"), len(items))
        page: dict[str, Any] = {name: items[begin : begin + limit]}
        if begin + limit < len(items):
            page["NextToken"] = str(begin + limit)
        return page

    @property
    def _local(self) -> AthenaService:
        backend = self.athena_backend
        assert isinstance(backend, LocalAthenaBackend), "register_athena came first"
        return backend.service


def register_athena(
    *,
    bucket_store: Callable[[str], ObjectStore],
    bucket_folder: BucketFolder,
    clock: Clock,
    random: Random,
    background: Background = in_thread,
    access: Access = OPEN,
) -> None:
    """Put this Athena in moto's place, for the whole process; earlier executions are forgotten.

    Args:
        bucket_store: A bucket's name to its objects, for result files; raises `KeyError` when
            there is no such bucket.
        bucket_folder: A bucket's name to the folder its objects lie in as plain files; raises
            `KeyError` likewise.
        clock: What the times of executions go by.
        random: Makes execution ids.
        background: Runs each execution; the default gives it a thread.
        access: What the roles of callers allow.
    """
    wiring = AthenaWiring(bucket_store, bucket_folder, clock, random, background, access)

    class Backend(LocalAthenaBackend):
        pass

    Backend.wiring = wiring
    athena_backends.clear()
    athena_backends.backend = Backend


@contextmanager
def _invalid_requests() -> Iterator[None]:
    try:
        yield
    except InvalidRequestError as error:
        raise JsonRESTError("InvalidRequestException", error.message) from error
