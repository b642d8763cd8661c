"""Athena without its HTTP: statements in, executions that run somewhere, answers out."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from infra.local.athena import AthenaError
from infra.local.athena.catalog import CATALOG
from infra.local.athena.errors import ScanLimitError
from infra.local.aws.athena.errors import InvalidRequestError, ResourceNotFoundError
from infra.local.aws.athena.executions import INTERNAL_ERROR, Execution, failure_of
from infra.local.aws.athena.forms import CreateTableAs, Insert, Unload
from infra.local.aws.athena.parameters import literals
from infra.local.aws.athena.readable import BucketFolder
from infra.local.aws.athena.results import Answer, Row, result_page, stored_rows
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.runner import Run, Runner
from infra.local.aws.athena.saved import (
    NamedQueries,
    PreparedStatementError,
    PreparedStatements,
    check_query,
)
from infra.local.aws.athena.statements import Elsewhere, Execute, Statement, parse_statement
from infra.local.aws.athena.workgroups import PRIMARY, Workgroup, Workgroups
from infra.local.aws.athena.writes import Writing
from infra.local.aws.glue_tables import GlueCatalogue
from infra.local.aws.iam.access import OPEN, Access
from infra.local.clock import Clock
from schemas.lake import ObjectStore

MAX_EXECUTIONS = 10_000
"""How many executions are remembered; Athena remembers those of 45 days."""
_RECENT = 2
"""How many result files are kept as they were last read; a client asks for one page by page."""

Background = Callable[[Callable[[], None]], object]
"""Runs something later or elsewhere: what executions run in."""


@dataclass(frozen=True, slots=True)
class AthenaWiring:
    """What executions are connected to."""

    bucket_store: Callable[[str], ObjectStore]
    bucket_folder: BucketFolder
    clock: Clock
    random: Random
    background: Background
    access: Access = OPEN
    remember: int = MAX_EXECUTIONS


def in_thread(work: Callable[[], None]) -> None:
    """Run work in a thread of its own."""
    threading.Thread(target=work, name="athena-query", daemon=True).start()


class AthenaService:
    """Executions and workgroups over one catalogue.

    Args:
        wiring: What executions are connected to.
        glue: The catalogue.
    """

    def __init__(self, wiring: AthenaWiring, glue: GlueCatalogue) -> None:
        self._wiring = wiring
        self.glue = glue
        self.named_queries = NamedQueries(self._new_id)
        self.prepared = PreparedStatements(wiring.clock.now)
        self._runner = Runner(glue, wiring.bucket_folder, self.prepared)
        self._recent: OrderedDict[str, Sequence[Row]] = OrderedDict()
        self.workgroups = Workgroups(wiring.clock.now())
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[str, tuple[dict[str, Any], str]] = {}
        self._starting = threading.Lock()

    def start(self, request: Mapping[str, Any]) -> str:
        """Begin to answer a statement and return the execution's id.

        Raises:
            InvalidRequestError: Athena refuses the request; nothing was started.
        """
        wanted = dict(request)
        token = wanted.pop("ClientRequestToken", None)
        with self._starting:
            if token in self._tokens:
                known, id_ = self._tokens[token]
                if known != wanted:
                    raise InvalidRequestError("Idempotent parameters do not match")
                return id_
            execution = self._execution(wanted)
            self._remember(execution)
            if token is not None:
                self._tokens[token] = (wanted, execution.id)
        self._wiring.background(lambda: self._run(execution))
        return execution.id

    def execution(self, id_: str) -> Execution:
        """Return an execution.

        Raises:
            InvalidRequestError: there is none of that id.
        """
        if id_ not in self._executions:
            raise InvalidRequestError(f"QueryExecution {id_} was not found")
        return self._executions[id_]

    def known(self, id_: str) -> Execution | None:
        """Return an execution, None when there is none of that id."""
        return self._executions.get(id_)

    def executions(self, workgroup: str) -> list[str]:
        """Return the ids of a workgroup's executions, newest first."""
        self.workgroups.get(workgroup)
        return self._of(workgroup)[::-1]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of the answer of an execution that succeeded.

        Raises:
            InvalidRequestError: it has not, or not yet; or its result file is gone.
        """
        execution = self.execution(request["QueryExecutionId"])
        if execution.state in ("QUEUED", "RUNNING"):
            raise InvalidRequestError(
                f"Query has not yet finished. Current state: {execution.state}"
            )
        if execution.answer is None:
            raise InvalidRequestError(
                f"Query did not finish successfully. Final query state: {execution.state}"
            )
        rows = self._rows(execution, execution.answer)
        limit, token = request.get("MaxResults"), request.get("NextToken")
        return result_page(execution.answer, rows, limit, token)

    def _rows(self, execution: Execution, answer: Answer) -> Sequence[Row]:
        """Read the result file, or remember what was last read of it."""
        if answer.manifest is not None:
            return []
        rows = self._recent.pop(execution.id, None)
        if rows is None:
            store, key = self._results(execution.output)
            try:
                rows = stored_rows(store.get(key), answer.is_query)
            except KeyError:
                raise InvalidRequestError("Could not find results") from None
        self._recent[execution.id] = rows
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        return rows

    def _remember(self, execution: Execution) -> None:
        """Keep an execution, and forget the oldest that has ended where there are too many."""
        self._executions[execution.id] = execution
        if len(self._executions) > self._wiring.remember:
            ended = (e.id for e in self._executions.values() if e.completed is not None)
            if (oldest := next(ended, None)) is not None:
                del self._executions[oldest]
                self._tokens = {t: known for t, known in self._tokens.items() if known[1] != oldest}

    def create_named_query(self, request: Mapping[str, Any]) -> str:
        """Keep a named query; raise InvalidRequestError for what Athena refuses."""
        group = self.workgroups.get(request.get("WorkGroup") or PRIMARY)
        return self.named_queries.create(request, group.name)

    def create_workgroup(self, request: Mapping[str, Any]) -> None:
        """Create a workgroup; raise InvalidRequestError for what Athena refuses."""
        self.workgroups.create(request, self._wiring.clock.now())

    def delete_workgroup(self, request: Mapping[str, Any]) -> None:
        """Delete a workgroup.

        Raises:
            InvalidRequestError: there is none, it is `primary`, or it is not empty.
        """
        name = request["WorkGroup"]
        kept = self.named_queries.ids(name) or self.prepared.list(name) or self._of(name)
        if name in self.workgroups and kept and not request.get("RecursiveDeleteOption"):
            raise InvalidRequestError(f"WorkGroup {name} is not empty")
        self.workgroups.delete(name)
        self.named_queries.forget(name)
        self.prepared.forget(name)

    def stop(self, id_: str) -> None:
        """Cancel an execution, also one that runs; one that has ended stays as it is."""
        execution = self.execution(id_)
        execution.end("CANCELLED", self._wiring.clock.now(), reason="Query cancelled by user")
        execution.stop.ask()

    def _execution(self, request: Mapping[str, Any]) -> Execution:
        query = request["QueryString"]
        check_query(query)
        context = dict(request.get("QueryExecutionContext") or {})
        if context.get("Catalog", CATALOG).lower() != CATALOG:
            raise InvalidRequestError(f"Catalog {context['Catalog']} is not found.")
        group = self.workgroups.get(request.get("WorkGroup") or PRIMARY)
        if group.state != "ENABLED":
            raise InvalidRequestError(f"WorkGroup {group.name} is disabled.")
        folder = group.output_folder(request)
        statement, parameters = self._statement(query, group.name, request)
        _check_place(statement, group)
        id_ = self._new_id()
        output = f"{folder}{output_key(statement, id_)}"
        self._results(output)
        caller = self._wiring.access.caller
        Rights(self._wiring.access, caller).locate(output.removeprefix("s3://").partition("/")[0])
        return Execution(
            id=id_,
            query=query,
            statement=statement,
            context=context,
            workgroup=group.name,
            output=output,
            results=folder,
            result_configuration=group.result_configuration(request),
            parameters=parameters,
            submitted=self._wiring.clock.now(),
            caller=caller,
        )

    def _statement(
        self, query: str, workgroup: str, request: Mapping[str, Any]
    ) -> tuple[Statement, tuple[str, ...]]:
        """Return a statement and its parameters; what was prepared in the place of EXECUTE."""
        statement = parse_statement(query)
        parameters = tuple(request.get("ExecutionParameters") or ())
        if not isinstance(statement, Execute):
            return statement, parameters
        try:
            prepared = self.prepared.get(workgroup, statement.name)
            if statement.parameters is not None:
                parameters = literals(statement.parameters)
        except ResourceNotFoundError as error:
            return Elsewhere(PreparedStatementError(error.message, "PREPARE it first.")), ()
        except AthenaError as error:
            return Elsewhere(error), ()
        return parse_statement(prepared.query), parameters

    def _run(self, execution: Execution) -> None:
        now = self._wiring.clock.now
        if not execution.begin(now()):
            return
        try:
            rights = Rights(self._wiring.access, execution.caller)
            started = execution.started or now()
            writing = Writing(
                self._wiring.bucket_store,
                f"{started:%Y%m%d_%H%M%S}_{execution.id[:5]}_{execution.id}",
                execution.results,
                execution.id,
                rights,
            )
            run = Run(
                database=execution.database,
                writing=writing,
                parameters=execution.parameters,
                workgroup=execution.workgroup,
                rights=rights,
                limit=self._cutoff(execution),
                stop=execution.stop,
            )
            answer = self._runner.run(execution.statement, run)
            rights.write(execution.output)
            self._finish(execution, answer)
        except ScanLimitError as error:
            execution.bytes_scanned = error.size
            execution.end("CANCELLED", now(), reason=error.message)
        except AthenaError as error:
            execution.end("FAILED", now(), reason=str(error), failure=failure_of(error))
        except Exception as error:  # a client that polls must learn of every end
            reason = f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
            execution.end("FAILED", now(), reason=reason, failure=INTERNAL_ERROR)

    def _finish(self, execution: Execution, answer: Answer) -> None:
        execution.bytes_scanned = answer.bytes_scanned
        if execution.state == "RUNNING":  # what was cancelled meanwhile leaves no result
            store, key = self._results(execution.output)
            store.put(f"{key}.metadata", b"")  # every client known to us takes an empty one
            if answer.manifest is None:
                store.put(key, answer.body)
            else:
                execution.manifest = f"{execution.results}{execution.id}-manifest.csv"
                store, key = self._results(execution.manifest)
                store.put(key, "".join(f"{file}\n" for file in answer.manifest).encode())
        execution.end("SUCCEEDED", self._wiring.clock.now(), answer=answer)

    def _cutoff(self, execution: Execution) -> int | None:
        try:
            return self.workgroups.get(execution.workgroup).cutoff
        except InvalidRequestError:
            return None  # deleted while the query ran

    def _of(self, workgroup: str) -> list[str]:
        return [e.id for e in self._executions.values() if e.workgroup == workgroup]

    def _new_id(self) -> str:
        return str(UUID(int=self._wiring.random.getrandbits(128), version=4))

    def _results(self, output: str) -> tuple[ObjectStore, str]:
        bucket, _, key = output.removeprefix("s3://").partition("/")
        try:
            return self._wiring.bucket_store(bucket), key
        except KeyError:
            raise InvalidRequestError(f"Unable to verify/create output bucket {bucket}") from None


def output_key(statement: Statement, id_: str) -> str:
    """Return the name of a statement's result file in the folder of the results.

    Athena guide, "Query result and metadata files"; statements that write files have only a
    manifest, and their result's name is that of nothing.
    """
    if isinstance(statement, CreateTableAs):
        return f"tables/{id_}"
    if isinstance(statement, Insert | Unload):
        return id_
    return f"{id_}.csv" if statement.type == "DML" else f"{id_}.txt"


def _check_place(statement: Statement, group: Workgroup) -> None:
    """Refuse a table that would not lie where its workgroup wants everything.

    Raises:
        InvalidRequestError: in Athena's words.
    """
    placed = isinstance(statement, CreateTableAs) and "external_location" in statement.properties
    if placed and group.enforces_location:
        raise InvalidRequestError(
            "The Create Table As Select query failed because it was submitted with an "
            "'external_location' property to an Athena Workgroup that enforces a centralized "
            "output location for all queries. Please remove the 'external_location' property and "
            "resubmit the query."
        )
