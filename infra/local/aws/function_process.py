"""One process of one Lambda function: invocations go in and answers come out, one at a time."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any

from infra.local.aws import worker
from infra.local.aws.iam.principal import Principal

SOURCES = Path(__file__).parents[3]
"""The folder of our own packages."""


TIMED_OUT = "Sandbox.Timedout"
"""The `errorType` of an invocation that the function's own timeout ended."""


@dataclass(frozen=True, slots=True)
class Function:
    """What decides how an invocation runs; the same value is served by the same processes.

    Attributes:
        code: the folder with the function's code; None for the sources we run from.
        timeout: seconds.
        memory: MB; told to the function, not enforced.
        role: the ARN of the role it runs as.
    """

    name: str
    version: str
    handler: str
    variables: tuple[tuple[str, str], ...]
    code: Path | None
    timeout: float
    memory: int
    log_group: str
    role: str = ""

    @property
    def principal(self) -> Principal:
        """Whom its calls come from."""
        return Principal(self.role, self.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation gave: JSON text, whether it is an error, and what was printed."""

    payload: str
    failed: bool
    log: str
    log_stream: str


class FunctionProcess:
    """One process of one function."""

    def __init__(
        self, function: Function, variables: dict[str, str], log_stream: str, log: Path
    ) -> None:
        self._function = function
        self._log_stream = log_stream
        self._timed_out = False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-P", worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=variables,
                cwd=function.code or SOURCES,
            )

    @property
    def alive(self) -> bool:
        """Whether the process can take another invocation."""
        return self._process.poll() is None and not self._timed_out

    def invoke(self, payload: str, arn: str, request_id: str) -> Answer:
        """Send one invocation and wait for its answer, no longer than the function's timeout."""
        timer = Timer(self._function.timeout, self._time_out)
        timer.daemon = True
        timer.start()
        try:
            header, answer = self._exchange(payload.encode(), arn, request_id)
        except (OSError, EOFError):
            self.end()
            return self._answer(json.dumps(self._death(request_id)), True, "")
        finally:
            timer.cancel()
        return self._answer(answer, header["failed"], header["log"])

    def end(self) -> None:
        """End the process and let go of its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue  # what was not yet sent to a dead process

    def _exchange(self, payload: bytes, arn: str, request_id: str) -> tuple[dict[str, Any], str]:
        requests, answers = self._pipes()
        head = {
            "size": len(payload),
            "arn": arn,
            "request_id": request_id,
            "timeout": self._function.timeout,
        }
        requests.write(json.dumps(head).encode() + b"\n" + payload)
        requests.flush()
        line = answers.readline()
        if not line:
            raise EOFError
        header: dict[str, Any] = json.loads(line)
        answer = answers.read(header["size"])
        if len(answer) < header["size"]:
            raise EOFError
        return header, answer.decode()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _answer(self, payload: str, failed: bool, log: str) -> Answer:
        return Answer(payload, failed, log, self._log_stream)

    def _death(self, request_id: str) -> dict[str, str]:
        if self._timed_out:
            seconds = f"{self._function.timeout:.2f}"
            return {
                "errorType": TIMED_OUT,
                "errorMessage": f"RequestId: {request_id} Error: Task timed out after "
                f"{seconds} seconds",
            }
        return {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: "
            f"exit status {self._process.returncode}",
        }

    def _time_out(self) -> None:
        self._timed_out = True
        self._process.kill()
