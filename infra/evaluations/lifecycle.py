"""An evaluation's life: added, activated, removed. Each step is whole, and can be said again."""

from dataclasses import dataclass

from infra.errors import UsageError
from infra.evaluations.projection import hide, project
from infra.wiring import Platform
from rules import Policy, RuleSet
from schemas.current_state import read_current, write_current
from schemas.lake import COMPACTIONS, EVALUATIONS, REPLAYS
from schemas.tables import CHARGES_STORED
from transforms.arrivals import count_all
from transforms.deliveries import read_assertions
from transforms.evaluations import define, find, lookup, register
from transforms.settle import settle
from transforms.state import activate, active_evaluation, read_status, write_status


@dataclass(frozen=True, slots=True)
class Behind:
    """What an evaluation lacks beside another: rows that only the other has."""

    deliveries: int
    events: int


def add(platform: Platform, name: str, rules: RuleSet, policy: Policy, baselines: str) -> bool:
    """Register an evaluation and let queries see its rows; the views go on as they are.

    Returns:
        Whether it is new.

    Raises:
        EvaluationError: the name stands for something else already, or cannot be one.
    """
    platform.activate_first_evaluation()
    definition = define(name, rules, policy, baselines)
    new = register(platform.store, definition, policy)
    project(platform.client("glue"), platform.names.database, name)
    return new


def behind(platform: Platform, name: str) -> Behind:
    """Count what the active evaluation has and `name` lacks, day by day of each delivery."""
    query, active = platform.query, active_evaluation(platform.store)
    if name == active:
        return Behind(0, 0)
    assertions = read_assertions(query)
    theirs = count_all(query, active, assertions)
    own = count_all(query, name, assertions)
    missing = {day: n - own.get(day, 0) for day, n in theirs.items() if n > own.get(day, 0)}
    return Behind(len({delivery for delivery, _, _ in missing}), sum(missing.values()))


def switch(platform: Platform, name: str) -> str:
    """Let the views show an evaluation, and the transform judge by it.

    Settles first, so that what the views will show is written down; the activation itself is one
    put of one small object.

    Returns:
        The evaluation that was active before.

    Raises:
        EvaluationError: it is not registered.
    """
    before = active_evaluation(platform.store)
    lookup(platform.store, name)
    project(platform.client("glue"), platform.names.database, name)
    settle(platform.query, platform.store, platform.clock.now())
    activate(platform.store, name)
    # The statuses were told from the other one's point of view.
    settle(platform.query, platform.store, platform.clock.now(), only_waiting=True)
    return before


def remove(platform: Platform, name: str) -> int:
    """Forget an evaluation: its state, its rows, its replays, its name. raw/ keeps the events.

    A removal that was interrupted is finished by saying it again. Policies and baselines stay:
    others may name them, and rows in a copy of the lake may still be explained by them.

    Returns:
        How many objects with rows were deleted.

    Raises:
        UsageError: it is active, or there is no trace of it.
    """
    store = platform.store
    if name == active_evaluation(store):
        raise UsageError(
            f"{name} is active; activate another first: finops evaluations activate NAME"
        )
    rows = [info.key for info in store.list(rows_prefix(name))]
    if find(store, name) is None and not rows:
        raise UsageError(f"no evaluation {name!r}; list them with: finops evaluations list")
    # The state first: nothing may point at rows that are being deleted.
    kept = [day for day in read_current(store) if day.evaluation != name]
    write_current(store, kept)
    write_status(store, [s for s in read_status(store) if s.evaluation != name])
    store.delete(f"{EVALUATIONS}{name}.json")
    # Nothing may wait for files that are gone, or delete those of the next one of this name.
    for info in list(store.list(f"{COMPACTIONS}{name}.")):
        store.delete(info.key)
    # Receipts before rows: a receipt without its rows would be believed by the next replay.
    for info in list(store.list(f"{REPLAYS}{name}/")):
        store.delete(info.key)
    for key in rows:
        store.delete(key)
    hide(platform.client("glue"), platform.names.database, name)
    return len(rows)


def rows_prefix(name: str) -> str:
    """Return what the keys of an evaluation's rows begin with."""
    return f"{CHARGES_STORED.prefix}evaluation={name}/"
