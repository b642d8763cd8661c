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

from infra.local.aws.athena import metadata
from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.executions import ENGINE_VERSION
from infra.local.aws.athena.readable import BucketFolder
from infra.local.aws.athena.results import page_start
from infra.local.aws.athena.service import (
    MAX_EXECUTIONS,
    AthenaService,
    AthenaWiring,
    Background,
    in_thread,
)
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

    def create_named_query(
        self,
        name: str,
        description: str | None,
        database: str,
        query_string: str,
        workgroup: str,
    ) -> str:
        """Keep a named query, as moto's own CloudFormation types do, and return its id."""
        request = {"Name": name, "Database": database, "QueryString": query_string}
        request |= {"WorkGroup": workgroup, "Description": description or ""}
        return self.service.create_named_query(request)

    def create_prepared_statement(
        self,
        statement_name: str,
        workgroup: Any,
        query_statement: str,
        description: str | None,
    ) -> None:
        """Keep a prepared statement."""
        group = self.service.workgroups.get(getattr(workgroup, "name", workgroup))
        self.service.prepared.create(group.name, statement_name, query_statement, description)

    @property
    def _url_module(self) -> Any:
        paths = {"{0}/$": LocalAthenaResponse.dispatch}
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


class LocalAthenaResponse(AthenaResponse):
    """The API's actions; tags and capacity reservations are moto's own."""

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
            return ActionResult(self._local.page(self.params))

    def get_query_runtime_statistics(self) -> Any:
        """Answer GetQueryRuntimeStatistics."""
        with _invalid_requests():
            execution = self._local.execution(self.params["QueryExecutionId"])
            return ActionResult({"QueryRuntimeStatistics": execution.runtime()})

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
        self.athena_backend.create_work_group(name, {}, "", tags)  # for its tags
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
            self._local.delete_workgroup(self.params)
        self.athena_backend.delete_work_group(self.params["WorkGroup"])
        return EmptyResult()

    def create_named_query(self) -> Any:
        """Answer CreateNamedQuery."""
        with _invalid_requests():
            return ActionResult({"NamedQueryId": self._local.create_named_query(self.params)})

    def get_named_query(self) -> Any:
        """Answer GetNamedQuery."""
        with _invalid_requests():
            query = self._local.named_queries.get(self.params["NamedQueryId"])
            return ActionResult({"NamedQuery": query.describe()})

    def batch_get_named_query(self) -> Any:
        """Answer BatchGetNamedQuery."""
        found, unknown = [], []
        for id_ in self.params["NamedQueryIds"]:
            try:
                found.append(self._local.named_queries.get(id_).describe())
            except InvalidRequestError as error:
                unknown.append(
                    {
                        "NamedQueryId": id_,
                        "ErrorCode": "INVALID_INPUT",
                        "ErrorMessage": error.message,
                    }
                )
        return ActionResult({"NamedQueries": found, "UnprocessedNamedQueryIds": unknown})

    def list_named_queries(self) -> Any:
        """Answer ListNamedQueries."""
        with _invalid_requests():
            group = self._local.workgroups.get(self.params.get("WorkGroup") or PRIMARY)
            ids = self._local.named_queries.ids(group.name)
            return ActionResult(self._page("NamedQueryIds", ids))

    def update_named_query(self) -> Any:
        """Answer UpdateNamedQuery."""
        with _invalid_requests():
            self._local.named_queries.update(self.params)
            return EmptyResult()

    def delete_named_query(self) -> Any:
        """Answer DeleteNamedQuery."""
        with _invalid_requests():
            self._local.named_queries.delete(self.params["NamedQueryId"])
            return EmptyResult()

    def create_prepared_statement(self) -> Any:
        """Answer CreatePreparedStatement."""
        with _invalid_requests():
            self._local.prepared.create(*self._prepared())
            return EmptyResult()

    def get_prepared_statement(self) -> Any:
        """Answer GetPreparedStatement."""
        with _invalid_requests():
            group = self._local.workgroups.get(self.params["WorkGroup"]).name
            statement = self._local.prepared.get(group, self.params["StatementName"])
            return ActionResult({"PreparedStatement": statement.describe()})

    def batch_get_prepared_statement(self) -> Any:
        """Answer BatchGetPreparedStatement."""
        found, unknown = [], []
        with _invalid_requests():
            group = self._local.workgroups.get(self.params["WorkGroup"]).name
        for name in self.params["PreparedStatementNames"]:
            try:
                found.append(self._local.prepared.get(group, name).describe())
            except InvalidRequestError as error:
                unknown.append(
                    {
                        "StatementName": name,
                        "ErrorCode": "STATEMENT_NOT_FOUND",
                        "ErrorMessage": error.message,
                    }
                )
        return ActionResult(
            {"PreparedStatements": found, "UnprocessedPreparedStatementNames": unknown}
        )

    def list_prepared_statements(self) -> Any:
        """Answer ListPreparedStatements."""
        with _invalid_requests():
            group = self._local.workgroups.get(self.params["WorkGroup"]).name
            listed = [
                {"StatementName": s.name, "LastModifiedTime": s.modified}
                for s in self._local.prepared.list(group)
            ]
            return ActionResult(self._page("PreparedStatements", listed))

    def update_prepared_statement(self) -> Any:
        """Answer UpdatePreparedStatement."""
        with _invalid_requests():
            self._local.prepared.update(*self._prepared())
            return EmptyResult()

    def delete_prepared_statement(self) -> Any:
        """Answer DeletePreparedStatement."""
        with _invalid_requests():
            group = self._local.workgroups.get(self.params["WorkGroup"]).name
            self._local.prepared.remove(group, self.params["StatementName"])
            return EmptyResult()

    def list_data_catalogs(self) -> Any:
        """Answer ListDataCatalogs."""
        return ActionResult(self._page("DataCatalogsSummary", [metadata.data_catalog_summary()]))

    def get_data_catalog(self) -> Any:
        """Answer GetDataCatalog."""
        with _invalid_requests():
            return ActionResult({"DataCatalog": metadata.data_catalog(self.params["Name"])})

    def create_data_catalog(self) -> Any:
        """Answer CreateDataCatalog: Glue's is the only one here."""
        raise JsonRESTError("InvalidRequestException", "Not supported locally: other data catalogs")

    def get_database(self) -> Any:
        """Answer GetDatabase."""
        with _invalid_requests():
            return ActionResult({"Database": metadata.database(self._local.glue, self.params)})

    def list_databases(self) -> Any:
        """Answer ListDatabases."""
        with _invalid_requests():
            found = metadata.databases(self._local.glue, self.params)
            return ActionResult(self._page("DatabaseList", found))

    def get_table_metadata(self) -> Any:
        """Answer GetTableMetadata."""
        with _invalid_requests():
            return ActionResult({"TableMetadata": metadata.table(self._local.glue, self.params)})

    def list_table_metadata(self) -> Any:
        """Answer ListTableMetadata."""
        with _invalid_requests():
            found = metadata.tables(self._local.glue, self.params)
            return ActionResult(self._page("TableMetadataList", found))

    def _prepared(self) -> tuple[str, str, str, str | None]:
        group = self._local.workgroups.get(self.params["WorkGroup"]).name
        name, query = self.params["StatementName"], self.params["QueryStatement"]
        return group, name, query, self.params.get("Description")

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
    remember: int = MAX_EXECUTIONS,
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
        remember: How many executions are remembered; the oldest that ended are forgotten.
    """
    wiring = AthenaWiring(bucket_store, bucket_folder, clock, random, background, access, remember)

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
        raise JsonRESTError(error.api_code, error.message) from error
