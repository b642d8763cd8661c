"""Verdict columns: each rule is asked once for each distinct input, the rest is Arrow's."""

from collections import OrderedDict
from functools import partial
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from infra.local.firehose.hive_type import parse
from infra.local.firehose.openx import columns
from infra.local.firehose.settings import OpenX
from infra.replay.codes import Codes, combine, first_rows
from infra.replay.inputs import READERS, Inputs
from rules.distinct import MORE, DistinctRule
from rules.engine import merge
from schemas.rows import json_line
from schemas.tables import VERDICTS
from transforms.context import Context
from transforms.judge import Judge
from transforms.sharded_baseline import ShardedBaseline

NAMES = tuple(column.name for column in VERDICTS)
_TYPES = [(column.name, parse(column.type)) for column in VERDICTS]
_OPENX = OpenX(case_insensitive=False, dots_to_underscores=False, mappings={})
_ACCOUNT = ("billing_account_id", "sub_account_id")
_SAMPLE = 48
"""Charges that a rule's stages are chosen by."""
_BASELINES_KEPT = 8
"""Baselines or shards whose answers are remembered; the log is about in the order of dates."""


class Verdicts:
    """An evaluation, and what its rules answered so far."""

    def __init__(self, context: Context) -> None:
        """Know an evaluation of which no rule was asked yet."""
        self._context = context
        self._known: OrderedDict[str, _Asked] = OrderedDict()

    def columns(self, rows: Inputs, charge_date: str) -> list[pa.Array]:
        """Return the verdict columns of rows that one baseline serves, in the order of `NAMES`.

        Args:
            rows: what the rules are asked about.
            charge_date: any of their charge dates.
        """
        baseline = self._context.baselines.for_date(charge_date)
        if isinstance(baseline, ShardedBaseline):
            return self._by_shard(rows, charge_date, baseline)
        return self._asked(baseline.version if baseline else "", charge_date).columns(rows)

    def _by_shard(
        self, rows: Inputs, charge_date: str, baseline: ShardedBaseline
    ) -> list[pa.Array]:
        """Judge the rows of each shard's accounts together: a rule only sees what is loaded."""
        numbers = rows.numbered(_ACCOUNT, None)
        accounts = rows.keys(_ACCOUNT, first_rows(numbers))
        of_account = [baseline.shard_of((payer, account)) for payer, account in accounts]
        of_row = pa.array(of_account, pa.int64()).take(numbers)
        places, parts = [], []
        for shard, account in dict(zip(of_account, accounts, strict=True)).items():
            here = pc.indices_nonzero(pc.equal(of_row, shard)).cast(pa.int64())
            asked = self._asked(f"{baseline.version}/{shard}", charge_date, account)
            places.append(here)
            parts.append(asked.columns(rows.take(here)))
        back = pc.sort_indices(pa.concat_arrays(places))
        return [pa.concat_arrays(arrays).take(back) for arrays in zip(*parts, strict=True)]

    def _asked(
        self, name: str, charge_date: str, account: tuple[Any, ...] | None = None
    ) -> "_Asked":
        asked = self._known.pop(name, None)
        if asked is None:
            asked = _Asked(self._context, charge_date, account)
            while len(self._known) >= _BASELINES_KEPT:
                self._known.popitem(last=False)
        self._known[name] = asked
        return asked


class _Asked:
    """All rules by one set of facts; of a sharded baseline, those with an account's shard."""

    def __init__(self, context: Context, charge_date: str, account: tuple[Any, ...] | None) -> None:
        self._judge = Judge(context, charge_date)
        if account is not None:
            payer, sub_account = account
            self._judge.load((payer, sub_account))
        facts = self._judge.facts
        self._rules = [DistinctRule(rule, facts, READERS) for rule in context.rule_set.rules]

    def columns(self, rows: Inputs) -> list[pa.Array]:
        numbers = [_numbers(rule, rows) for rule in self._rules]
        together = combine(numbers, len(rows))
        first = first_rows(together)
        answers = [column.at(first) for column in numbers]
        said = [merge(verdicts) for verdicts in zip(*answers, strict=True)] or [merge([])]
        # Through JSON, as Firehose's converter reads it of a row.
        texts = [orjson.loads(json_line(self._judge.row(verdict))) for verdict in said]
        arrays, misfits = columns(texts, _TYPES, _OPENX)
        assert not misfits, next(iter(misfits.values()))
        for rule in self._rules:
            rule.forget()
        return [array.take(together) for array in arrays]


def _numbers(rule: DistinctRule, rows: Inputs) -> Codes:
    """Return the codes of a rule's verdicts."""
    if not rule.stages:
        step = max(1, len(rows) // _SAMPLE)
        rule.learn(rows.charges(pa.array(range(0, len(rows), step), pa.int64())))
    left: pa.Array | None = None
    parts: list[tuple[pa.Array | None, pa.Array]] = []
    stage = 0
    while left is None or len(left):
        if stage == len(rule.stages):
            first = pa.array([0], pa.int64()) if left is None else left[:1]
            rule.deepen(rows.charges(first)[0])
        inputs = rule.stages[stage].inputs
        distinct = rows.numbered(inputs, left)
        first = first_rows(distinct)
        first = first if left is None else left.take(first)
        answers = pa.array(rule.numbers(stage, rows.keys(inputs, first)), pa.int32())
        found = answers.take(distinct)
        parts.append((left, found))
        unanswered = pc.indices_nonzero(pc.equal(found, MORE)).cast(pa.int64())
        left = unanswered if left is None else left.take(unanswered)
        stage += 1
    verdicts = rule.verdicts
    return Codes(_together(parts), len(verdicts), partial(list, verdicts))


def _together(parts: list[tuple[pa.Array | None, pa.Array]]) -> pa.Array:
    """Fill the gaps that each stage left by what the next ones answered."""
    (_, numbers), *later = parts
    for rows, found in later:
        mask = pc.equal(numbers, MORE)
        numbers = pc.replace_with_mask(numbers, mask, found)
        assert rows is not None
    return numbers
