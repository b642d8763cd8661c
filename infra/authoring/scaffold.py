"""Begin a rule in the source tree: the next rule set, the rule's file, six cases to fill in."""

import json
import keyword
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from infra.authoring.trial import GOLDENS
from infra.errors import UsageError
from rules import RULE_SETS, RuleSet
from rules.golden import FEWEST_CASES
from rules.model import rule_name

_NAME = re.compile(r"[a-z][a-z0-9_]{2,40}\Z")
_VERSION = re.compile(r"v(\d+)\Z")


@dataclass(frozen=True, slots=True)
class Written:
    """What was begun."""

    version: str
    """The rule set that has the rule."""
    rule: Path
    files: tuple[Path, ...]
    """Everything written or changed."""


def scaffold(tree: Path, name: str) -> Written:
    """Write a rule's file and cases, and give it its place in the rule set being written.

    Args:
        tree: the source tree.
        name: the rule's name: a function's.

    Raises:
        UsageError: the name cannot be one, or the rule set has it already.
    """
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot name a rule; use lower-case words with _, such as idle_address"
        )
    latest = list(RULE_SETS.values())[-1]
    ledger = json.loads((tree / "rules" / "ledger.json").read_text("utf-8"))
    released = latest.name in ledger
    version = _next(latest.name) if released else latest.name
    folder = tree / "rules" / version
    rule = folder / f"{name}.py"
    taken = any(rule_name(r) == name for r in latest.rules)
    if rule.exists() or taken:
        raise UsageError(
            f"{version} has a rule {name} already; choose another name, or write "
            f"{rule} yourself to replace it"
        )
    golden = tree / GOLDENS / version / name
    files = {rule: _template("rule.py.txt").format(name=name)}
    files |= {golden / f"case-{n}.json": _case(n) for n in range(1, FEWEST_CASES + 1)}
    files[folder / "__init__.py"] = _rule_set(version, latest, name)
    if released:
        registry = tree / "rules" / "registry.py"
        files[registry] = _registered(registry.read_text("utf-8"), version)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Written(version, rule, tuple(path.relative_to(tree) for path in files))


def _next(version: str) -> str:
    found = _VERSION.match(version)
    if not found:
        raise UsageError(f"{version} is not numbered; write the next rule set by hand")
    return f"v{int(found[1]) + 1}"


def _rule_set(version: str, latest: RuleSet, name: str) -> str:
    """Return the rule set's module: everything the latest has, and the rule."""
    rules = {rule_name(rule): rule.__module__ for rule in latest.rules}
    rules[name] = f"rules.{version}.{name}"
    imports = "\n".join(f"from {module} import {rule}" for rule, module in sorted(
        rules.items(), key=lambda item: (item[1], item[0])
    ))  # fmt: skip
    return _template("rule_set.py.txt").format(
        version=version,
        what=_what(version, latest, name),
        imports=imports,
        rules="\n".join(f"    {rule}," for rule in rules),
        policy_format=latest.policy_format,
    )


def _what(version: str, latest: RuleSet, name: str) -> str:
    """Return a line on the rules that are kept, and one for each that is new."""
    before = latest if version != latest.name else list(RULE_SETS.values())[-2]
    kept = [f"Keeps all of {before.name}."] if set(before.rules) <= set(latest.rules) else []
    begun = [rule_name(r) for r in latest.rules if r.__module__.startswith(f"rules.{version}.")]
    return "\n".join([*kept, *(f"New: {rule}." for rule in [*begun, name])])


def _registered(source: str, version: str) -> str:
    """Return the registry with one more rule set, the latest."""
    imports = re.search(r"^from rules import (.+)$", source, re.MULTILINE)
    entries = re.search(r"^RULE_SETS[^{]*\{\n(?P<entries>(?:    .+\n)*)\}", source, re.MULTILINE)
    if imports is None or entries is None:
        raise UsageError("rules/registry.py has another form; register the rule set by hand")
    names = [*imports[1].split(", "), version]
    end = entries.end("entries")
    changed = source[:end] + f'    "{version}": {version}.RULE_SET,\n' + source[end:]
    changed = changed.replace(imports[0], f"from rules import {', '.join(names)}")
    return re.sub(r'^LATEST = ".+"$', f'LATEST = "{version}"', changed, flags=re.MULTILINE)


def _case(number: int) -> str:
    document: dict[str, object] = {
        "why": f"Say in a sentence what case {number} shows.",
        "charge": {},
        "baseline": None,
        "policy": None,
        "expected": None,
    }
    return json.dumps(document, indent=2) + "\n"


def _template(name: str) -> str:
    return resources.files("infra").joinpath("authoring", "templates", name).read_text("utf-8")
