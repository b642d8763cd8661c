"""What the transform judges by now: the active evaluation, looked up at each invocation.

One small read tells which evaluation is active and one which baselines there are; what they name
never changes and is kept. So a warm function follows an activation with its next invocation.
"""

from dataclasses import replace

from schemas.lake import ObjectStore
from transforms.baseline_store import BaselineReader
from transforms.context import Context
from transforms.evaluations import find, load_policy, load_rules, lookup
from transforms.state import active_evaluation


class CurrentContext:
    """Answers the active evaluation's values.

    Args:
        store: the lake.
        first: the evaluation of a stack in which none was registered yet.
    """

    def __init__(self, store: ObjectStore, first: Context) -> None:
        self._store = store
        self._first = first
        self._first_baselines = BaselineReader(store, first.evaluation)
        self._kept: dict[str, tuple[Context, BaselineReader]] = {}

    def now(self) -> Context:
        """Return the active evaluation with its baselines as they are published now.

        Raises:
            FinopsError: it names something that is missing or damaged. An error, so that Firehose
                keeps the records, rather than rows that were judged by something else.
        """
        name = active_evaluation(self._store, self._first.evaluation)
        context, baselines = self._kept.get(name) or self._load(name)
        return replace(context, baselines=baselines.series())

    def _load(self, name: str) -> tuple[Context, BaselineReader]:
        definition = find(self._store, name)
        if definition is None and name == self._first.evaluation:
            # Before the first settle. Not kept: settle may register it at any moment.
            return self._first, self._first_baselines
        definition = definition or lookup(self._store, name)
        policy = load_policy(self._store, definition.policy)
        context = replace(
            self._first, evaluation=name, rule_set=load_rules(definition), policy=policy
        )
        self._kept[name] = context, BaselineReader(self._store, definition.baselines)
        return self._kept[name]
