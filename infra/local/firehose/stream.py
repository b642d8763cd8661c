"""One delivery stream: records in, through the Lambda and the buffers, objects out (§0, §11)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from infra.local.firehose import error_lines
from infra.local.firehose.buffers import Buffer, Hints
from infra.local.firehose.conversion import convert
from infra.local.firehose.conversion_configuration import table_columns
from infra.local.firehose.delivery import compressed, deliver
from infra.local.firehose.diagnostics import ObjectKind
from infra.local.firehose.environment import Environment
from infra.local.firehose.errors import DeliveryError
from infra.local.firehose.faulty_function import faulty
from infra.local.firehose.invocation_errors import AccessDeniedError
from infra.local.firehose.journal import Journal
from infra.local.firehose.partitions import LIMIT_TYPE, Partitions, UnpartitionedError
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.processing import Function, Invoker
from infra.local.firehose.records import ErrorLine, Failure, Output, Source
from infra.local.firehose.retention import BlockedError, Retention
from infra.local.firehose.settings import LambdaStep, StreamSettings
from infra.local.firehose.telemetry import ObjectWatch, Watch

_AT_ONCE = Hints(1, timedelta(0))
"""Without a Lambda nothing is buffered before the destination."""

Lane = tuple[Buffer[Any], Callable[[list[Any]], None], bool]
"""A buffer, how one batch of it is stored, and whether it is a partition of the main output."""


class Stream:
    """A stream's buffers and what moves records through them.

    A batch leaves its buffer only after everything made from it is safely in the next one or in
    the store, so an exception anywhere loses nothing; at worst something is done twice, which is
    what the service promises as well. Puts may come from other threads while another delivers.

    The journal has every accepted record until nothing made from it waits in any buffer. What it
    has from an earlier process is buffered again, as if it had waited here all the time.
    """

    def __init__(
        self,
        name: str,
        arn: str,
        settings: StreamSettings,
        world: Environment,
        journal: Journal,
    ) -> None:
        self._name = name
        self._arn = arn
        self._settings = settings
        self.version = 1
        """§4.2: of the configuration; it is in the names of objects."""
        self._world = world
        self.watch = Watch(world.telemetry, name, arn)
        self._exceeded = False
        self._arriving = Lock()
        self._working = Lock()
        self._incoming: Buffer[Source] = Buffer(_incoming_hints(settings))
        self._partitions = Partitions(settings.main, world.identifiers, world.choices)
        self._errors: dict[str, Buffer[ErrorLine]] = {}
        self._backup: Buffer[Source] | None = (
            Buffer(settings.backup.hints) if settings.backup else None
        )
        self._retention = Retention(world.choices, settings.partition_retry)
        self._journal = journal
        self._next = 0
        now = world.clock()
        for source in journal.recover():
            self._incoming.add(source, len(source.data), min(source.arrival, now))
            self._next = source.sequence + 1

    def put(self, records: Sequence[bytes]) -> None:
        """Accept the records of one call, all or none.

        Raises:
            OSError: the journal does not take them.
        """
        with self._arriving:
            now = self._world.clock()
            sources = [Source(data, now, n) for n, data in enumerate(records, self._next)]
            self._journal.append(sources)
            self._next += len(sources)
            for source in sources:
                self._incoming.add(source, len(source.data), now)
            settings = self._settings
        converts = settings.conversion is not None
        self.watch.accepted(records, converts=converts, partitions=settings.partitioned)

    def tick(self) -> None:
        """Move on whatever is due.

        Raises:
            DeliveryError: an object could not be stored; the rest was delivered nevertheless.
        """
        self._work(lambda buffer: buffer.close_due(self._world.clock()))

    def flush(self) -> None:
        """Move on everything, as if all intervals had passed.

        Raises:
            DeliveryError: an object could not be stored; the rest was delivered nevertheless.
        """
        self._work(lambda buffer: buffer.close())

    def update(self, settings: StreamSettings) -> None:
        """Go on with another configuration; what is buffered goes by it, too (§4.2)."""
        with self._working, self._arriving:
            incoming, outputs = self._incoming.drain(), self._partitions.drain()
            lines = {type_: buffer.drain() for type_, buffer in self._errors.items()}
            backup = self._backup.drain() if self._backup else []
            self._settings = settings
            self.version += 1
            self._retention = Retention(self._world.choices, settings.partition_retry)
            self._incoming = Buffer(_incoming_hints(settings))
            for source, since in incoming:
                self._incoming.add(source, len(source.data), since)
            self._backup = Buffer(settings.backup.hints) if settings.backup else None
            if self._backup is not None:
                for source, since in backup:
                    self._backup.add(source, len(source.data), since)
            self._errors = {}
            for error_type, waiting in lines.items():
                for line, since in waiting:
                    self._fail(error_type, line, since)
            self._partitions = Partitions(
                settings.main, self._world.identifiers, self._world.choices
            )
            for output, since in outputs:
                self._partition(output, since)

    def discard(self) -> None:
        """Forget what was accepted, in the journal too; later puts are refused.

        Raises:
            OSError: the journal could not be removed.
        """
        with self._arriving:
            self._journal.discard()

    def close(self) -> None:
        """Let go of the journal, which keeps what is not delivered; later puts are refused."""
        with self._arriving:
            self._journal.close()

    def _work(self, close: Callable[[Buffer[Any]], None]) -> None:
        with self._working:
            with self._arriving:
                close(self._incoming)
            while batch := self._incoming.oldest():
                self._process(batch)
                self._incoming.delivered()
            self._count_partitions()
            problems: list[Exception] = []
            lost = 0
            for buffer, store, partition in self._lanes():
                close(buffer)
                try:
                    while items := buffer.oldest():
                        store(items)
                        buffer.delivered()
                except Exception as error:  # one destination down must not stop the others (§5)
                    problems.append(error)
                    now = self._world.clock()
                    lost += self._retention.give_up(buffer, error, now, partition=partition)
            with self._arriving:
                self._journal.release(self._lowest())
            if problems:
                raise DeliveryError(self._name, problems[0], lost) from problems[0]

    def _count_partitions(self) -> None:
        if self._settings.partitioned and self._partitions.active:
            self.watch.partitions(self._partitions.active, exceeded=self._exceeded)
            self._exceeded = False

    def _lowest(self) -> int:
        """Return the lowest sequence that is not fully delivered, or the next one."""
        lowest = [self._next, self._incoming.lowest, self._partitions.lowest]
        if self._backup is not None:
            lowest.append(self._backup.lowest)
        return min(*lowest, *(lines.lowest for lines in self._errors.values()))

    def _process(self, batch: list[Source]) -> None:
        faults = self._world.faults
        reordered = faults.reorders(self._name)
        sent = self._world.identifiers.shuffled(batch) if reordered else batch
        times = 2 if faults.duplicates_batch(self._name) else 1
        results = [self._invoke(sent) for _ in range(times)]
        now = self._world.clock()
        # §5: the backup gets a record after its processing, whatever came of that.
        if self._backup is not None:
            for source in sent:
                self._backup.add(source, len(source.data), now)
        for outputs, failures in results:
            if self._settings.function is not None:
                done = [output.source for output in outputs]
                self.watch.processed(done, failures, self._function_arn())
            for output in outputs:
                self._partition(output, now)
            for failure in failures:
                line = error_lines.processing_line(failure, self._function_arn())
                self._fail(error_lines.PROCESSING, line, now)

    def _invoke(self, batch: list[Source]) -> tuple[list[Output], list[Failure]]:
        step = self._settings.function
        if step is None:
            return [Output(source, source.data, {}) for source in batch], []
        world = self._world
        return Invoker(
            function=self.watch.timed(faulty(self._function(step), world.faults, self._name)),
            retries=step.retries,
            stream_arn=self._arn,
            region=world.region,
            identifiers=world.identifiers,
            clock=world.clock,
            choices=world.choices,
        ).process(batch)

    def _function(self, step: LambdaStep) -> Function | None:
        """Return the function, or what refuses to run it where the role may not invoke it."""
        role = step.role or self._settings.main.role
        if self._world.denied(role, "lambda:InvokeFunction", step.arn) is not None:
            return _refused
        return self._world.functions.get(step.arn)

    def _function_arn(self) -> str:
        return self._settings.function.arn if self._settings.function else ""

    def _partition(self, output: Output, now: datetime) -> None:
        try:
            self._partitions.add(output, now)
        except UnpartitionedError as error:
            self._exceeded |= error.error_type == LIMIT_TYPE
            raw = output.raw_data(self._world.choices)
            failure = Failure(output.source, error.code, error.message, raw, 1, now)
            self._fail(error.error_type, error_lines.partitioning_line(failure), now)

    def _fail(self, error_type: str, line: ErrorLine, now: datetime) -> None:
        hints = self._settings.main.hints
        buffer = self._errors.setdefault(error_type, Buffer(hints))
        buffer.add(line, len(line.text), now)

    def _lanes(self) -> Iterator[Lane]:
        if self._backup is not None:
            yield self._backup, self._store_backup, False
        for prefix, buffer in self._partitions.buffers():
            yield buffer, partial(self._store_main, prefix), True
        for error_type, lines in self._errors.items():
            yield lines, partial(self._store_errors, error_type), False

    def _store_backup(self, sources: list[Source]) -> None:
        destination = self._settings.backup
        assert destination is not None, "the lane exists only with a backup"
        body, extension = compressed(b"".join(s.data for s in sources), destination)
        deliver(
            self._world,
            self._name,
            destination,
            destination.output_prefix,
            body,
            version=self.version,
            oldest=_oldest(sources),
            watch=self._object(ObjectKind.BACKUP, sources),
            extension=extension,
        )

    def _store_main(self, prefix: Prefix, outputs: list[Output]) -> None:
        main, conversion = self._settings.main, self._settings.conversion
        body: bytes | None
        failures: list[Failure] = []
        if conversion is None:
            joined = self._settings.processing.delimiter.join(o.data for o in outputs)
            body, extension = compressed(joined, main)
        else:
            now = self._world.clock()
            schema = table_columns(conversion.catalogue, self._world.tables)
            choices = self._world.choices
            body, failures = convert(
                outputs, conversion, schema, now=now, order=self._order, choices=choices
            )
            extension = main.extension or ".parquet"
            if failures:  # first, and in the same step: §3.4, a failing error write blocks delivery
                lines = [error_lines.conversion_line(f, conversion.catalogue) for f in failures]
                try:
                    self._store_errors(error_lines.CONVERSION, lines)
                except Exception as error:
                    raise BlockedError(f"{type(error).__name__}: {error}") from error
        failed = {failure.source.sequence for failure in failures}
        kept = [output for output in outputs if output.sequence not in failed]
        if body is not None:
            deliver(
                self._world,
                self._name,
                main,
                prefix,
                body,
                version=self.version,
                oldest=_oldest(outputs),
                watch=self._object(ObjectKind.MAIN, kept),
                extension=extension,
            )
        if conversion is not None:
            self.watch.converted([output.source for output in outputs], failures)

    def _store_errors(self, error_type: str, lines: list[ErrorLine]) -> None:
        main = self._settings.main
        deliver(
            self._world,
            self._name,
            main,
            main.error_output_prefix,
            b"\n".join(line.text for line in lines) + b"\n",
            oldest=_oldest(lines),
            watch=self._object(ObjectKind.ERRORS, lines),
            error_type=error_type,
            version=self.version,
        )

    def _object(
        self, kind: ObjectKind, items: Sequence[Source | Output | ErrorLine]
    ) -> ObjectWatch:
        return self.watch.object(kind, items, partitions=self._settings.partitioned)

    def _order(self, rows: Sequence[int]) -> Sequence[int]:
        reordered = self._world.faults.reorders(self._name)
        return self._world.identifiers.shuffled(rows) if reordered else rows


def _refused(request: str) -> str:
    raise AccessDeniedError


def _incoming_hints(settings: StreamSettings) -> Hints:
    return settings.function.hints if settings.function else _AT_ONCE


def _oldest(items: Sequence[Source] | Sequence[Output] | Sequence[ErrorLine]) -> datetime:
    return min(item.arrival for item in items)
