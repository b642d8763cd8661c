"""Athena without its HTTP: statements in, executions that run somewhere, answers out."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from infra.local.athena import AthenaError
from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.executions import SYSTEM, Execution
from infra.local.aws.athena.results import Answer, result_file
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.runner import Runner
from infra.local.aws.athena.statements import parse_statement
from infra.local.aws.athena.tables import BucketFolder
from infra.local.aws.athena.workgroups import PRIMARY, Workgroups
from infra.local.aws.glue_tables import GlueCatalogue
from infra.local.aws.iam.access import OPEN, Access
from infra.local.clock import Clock
from schemas.lake import ObjectStore

MAX_QUERY_BYTES = 262_144
"""Athena service quotas, query string length."""

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
        self._runner = Runner(glue, wiring.bucket_folder)
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
            self._executions[execution.id] = execution
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
        ids = [e.id for e in self._executions.values() if e.workgroup == workgroup]
        return ids[::-1]

    def answer(self, id_: str) -> Answer:
        """Return the answer of an execution that succeeded.

        Raises:
            InvalidRequestError: it has not, or not yet.
        """
        execution = self.execution(id_)
        if execution.state in ("QUEUED", "RUNNING"):
            raise InvalidRequestError(
                f"Query has not yet finished. Current state: {execution.state}"
            )
        if execution.answer is None:
            raise InvalidRequestError(
                f"Query did not finish successfully. Final query state: {execution.state}"
            )
        return execution.answer

    def create_workgroup(self, request: Mapping[str, Any]) -> None:
        """Create a workgroup; raise InvalidRequestError for what Athena refuses."""
        self.workgroups.create(request, self._wiring.clock.now())

    def stop(self, id_: str) -> None:
        """Cancel an execution; one that has ended stays as it is."""
        self.execution(id_).end(
            "CANCELLED", self._wiring.clock.now(), reason="Query cancelled by user"
        )

    def _execution(self, request: Mapping[str, Any]) -> Execution:
        query = request["QueryString"]
        if not query.strip() or len(query.encode()) > MAX_QUERY_BYTES:
            raise InvalidRequestError(f"QueryString must have 1 to {MAX_QUERY_BYTES} bytes")
        context = dict(request.get("QueryExecutionContext") or {})
        if context.get("Catalog", "awsdatacatalog").lower() != "awsdatacatalog":
            raise InvalidRequestError(f"Catalog {context['Catalog']} is not found.")
        group = self.workgroups.get(request.get("WorkGroup") or PRIMARY)
        if group.state != "ENABLED":
            raise InvalidRequestError(f"WorkGroup {group.name} is disabled.")
        statement = parse_statement(query)
        id_ = str(UUID(int=self._wiring.random.getrandbits(128), version=4))
        extension = "csv" if statement.type == "DML" else "txt"
        output = f"{group.output_folder(request)}{id_}.{extension}"
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
            parameters=tuple(request.get("ExecutionParameters") or ()),
            submitted=self._wiring.clock.now(),
            caller=caller,
        )

    def _run(self, execution: Execution) -> None:
        now = self._wiring.clock.now
        if not execution.begin(now()):
            return
        try:
            rights = Rights(self._wiring.access, execution.caller)
            answer = self._runner.run(
                execution.statement, execution.database, execution.parameters, rights
            )
            rights.write(execution.output)
            self._finish(execution, answer)
        except AthenaError as error:
            execution.end("FAILED", now(), reason=str(error))
        except Exception as error:  # a client that polls must learn of every end
            reason = f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
            execution.end("FAILED", now(), reason=reason, category=SYSTEM)

    def _finish(self, execution: Execution, answer: Answer) -> None:
        execution.bytes_scanned = answer.bytes_scanned
        cutoff = self._cutoff(execution)
        if cutoff is not None and answer.bytes_scanned > cutoff:
            reason = "Bytes scanned limit was exceeded"
            execution.end("CANCELLED", self._wiring.clock.now(), reason=reason)
            return
        if execution.state == "RUNNING":  # what was cancelled meanwhile leaves no result
            store, key = self._results(execution.output)
            store.put(f"{key}.metadata", b"")  # every client known to us takes an empty one
            store.put(key, result_file(answer))
        execution.end("SUCCEEDED", self._wiring.clock.now(), answer=answer)

    def _cutoff(self, execution: Execution) -> int | None:
        try:
            return self.workgroups.get(execution.workgroup).cutoff
        except InvalidRequestError:
            return None  # deleted while the query ran

    def _results(self, output: str) -> tuple[ObjectStore, str]:
        bucket, _, key = output.removeprefix("s3://").partition("/")
        try:
            return self._wiring.bucket_store(bucket), key
        except KeyError:
            raise InvalidRequestError(f"Unable to verify/create output bucket {bucket}") from None
