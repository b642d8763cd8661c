"""One embedded AWS: a server on loopback over a data directory, until it is closed."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar

from infra.local.aws.account import environment
from infra.local.aws.clients import Clients
from infra.local.aws.cloudformation.deploy import Stack, deploy
from infra.local.aws.data_dir import DataDirLock
from infra.local.aws.errors import DeployError, InUseError
from infra.local.aws.http import HttpServer
from infra.local.aws.iam.access import Access, Watch
from infra.local.aws.services import Services, start_services
from infra.local.clock import Clock
from schemas.lake import ObjectStore

STACK = "finops"
FLUSH_PATH = "/_local/flush"
"""A POST here delivers what the streams have buffered; nobody waits for an interval locally."""


class LocalAws:
    """Starts with the buckets of the data directory and nothing else; `deploy` does the rest.

    Args:
        data_dir: where buckets and logs lie; made when it is not there.
        clock: time, for buffers and schedules; logs and object dates go by the machine's.
        random: chance, for ids.
        port: the port; 0 takes a free one.
        code_root: what the code folders in a template are relative to; None runs functions from
            our own sources.
        enforce_iam: whether functions and services may do only what their roles allow; people may
            do everything in any case.
        watch: told of every judgement, where permissions are enforced.

    Raises:
        InUseError: a server has the data directory, or this process runs one already.
    """

    _one_in_a_process: ClassVar[Lock] = Lock()

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Clock,
        random: Random,
        port: int = 0,
        code_root: Path | None = None,
        enforce_iam: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.access = Access(enforced=enforce_iam, watch=watch)
        self.data_dir = data_dir.absolute()
        self._deployed: tuple[Mapping[str, Any], Mapping[str, str], Stack] | None = None
        with ExitStack() as started:
            lock = DataDirLock(self.data_dir)
            started.callback(lock.release)
            if not self._one_in_a_process.acquire(blocking=False):
                raise InUseError("this process runs a local AWS already; close that one first")
            started.callback(self._one_in_a_process.release)
            hooks = {FLUSH_PATH: self.flush}
            log = self.data_dir / "logs" / "server.log"
            self._http = HttpServer(port, log, hooks, self.access)
            started.callback(self._http.close)
            self._clients = Clients(self._http.url)
            started.callback(self._clients.close)
            self.services: Services = start_services(
                self.data_dir,
                endpoint_url=self._http.url,
                client=self.client,
                clock=clock,
                random=random,
                code_root=code_root,
                access=self.access,
            )
            started.callback(self.services.close)
            lock.announce(self._http.url)
            self._started = started.pop_all()

    @property
    def endpoint_url(self) -> str:
        """Where all services are."""
        return self._http.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK here."""
        return environment(self.endpoint_url)

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        return self._clients.client(service)

    def store(self, bucket: str) -> ObjectStore:
        """Return a bucket's objects, without HTTP; raise `KeyError` when there is no bucket."""
        return self.services.buckets[bucket]

    def folder(self, bucket: str) -> Path:
        """Return the folder that a bucket's objects lie in."""
        return self.services.files.bucket(bucket)

    def deploy(
        self, template: Mapping[str, Any], parameters: Mapping[str, str] | None = None
    ) -> Stack:
        """Deploy a plain CloudFormation template; the same one again changes nothing.

        Raises:
            DeployError: naming the resource at fault; or another template is deployed already.
            TemplateError: a parameter is refused.
        """
        wanted = dict(parameters or {})
        if self._deployed:
            deployed_template, deployed_parameters, stack = self._deployed
            if (deployed_template, deployed_parameters) == (template, wanted):
                return stack
            raise DeployError("another template is deployed here; restart the server to change it")
        stack = deploy(template, name=STACK, parameters=wanted, client=self.client)
        self._deployed = template, wanted, stack
        return stack

    def tick(self) -> None:
        """Do what is due by the clock: schedules and buffers."""
        self.services.tick()

    def run_until(self, moment: datetime) -> int:
        """Let the clock go to `moment` with everything due on the way; return what was fired."""
        return self.services.run_until(moment)

    def flush(self) -> None:
        """Deliver what the streams have buffered, at once."""
        self.services.firehose.flush()

    def close(self) -> None:
        """Deliver what is buffered and stop; once is enough."""
        self._started.close()

    def __enter__(self) -> "LocalAws":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
