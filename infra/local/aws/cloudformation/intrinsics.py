"""CloudFormation's intrinsic functions: what a template refers to, and what that comes to."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.aws.errors import DeployError

NO_VALUE = "AWS::NoValue"
_FUNCTION = re.compile(r"Ref\Z|Condition\Z|Fn::")
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")

Find = Callable[[str], Any]
"""Returns what a name refers to; raises `DeployError` for one that refers to nothing."""
Attribute = Callable[[str, str], Any]


def is_intrinsic(value: object) -> bool:
    """Tell whether a value is an intrinsic function, to be resolved when its time comes."""
    return isinstance(value, dict) and len(value) == 1 and bool(_FUNCTION.match(next(iter(value))))


def references(value: object) -> Iterator[str]:
    """Yield the names that a value refers to, parameters and pseudo parameters included."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif is_intrinsic(value):
        assert isinstance(value, dict)
        yield from _referred(*next(iter(value.items())))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)


def _referred(name: str, argument: Any) -> Iterator[str]:
    if name == "Ref":
        yield argument
    elif name == "Fn::GetAtt":
        yield _attribute(argument)[0]
    elif name == "Fn::Sub":
        text, given = _sub(argument)
        yield from references(list(given.values()))
        for literal, variable in _VARIABLE.findall(text):
            if not literal and variable not in given:
                yield variable.partition(".")[0]
    else:
        yield from references(argument)


class Resolver:
    """Replaces intrinsic functions by what they come to.

    Args:
        find: what `Ref` gives for a name.
        attribute: what `GetAtt` gives for a resource's name and an attribute.
        conditions: the template's conditions.
        mappings: the template's mappings.
    """

    def __init__(
        self,
        find: Find,
        attribute: Attribute,
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._find = find
        self._attribute = attribute
        self._conditions = conditions
        self._mappings = mappings
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": find,
            "Condition": self.condition,
            "Fn::And": lambda a: all(self.resolve(a)),
            "Fn::Base64": lambda a: base64.b64encode(str(self.resolve(a)).encode()).decode(),
            "Fn::Equals": lambda a: _equal(*self.resolve(a)),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": lambda a: attribute(*_attribute(a)),
            "Fn::If": lambda a: self.resolve(a[1 if self.condition(a[0]) else 2]),
            "Fn::Join": lambda a: str(a[0]).join(map(str, self.resolve(a[1]))),
            "Fn::Not": lambda a: not self.resolve(a)[0],
            "Fn::Or": lambda a: any(self.resolve(a)),
            "Fn::Select": lambda a: self.resolve(a[1])[int(self.resolve(a[0]))],
            "Fn::Split": lambda a: str(self.resolve(a[1])).split(a[0]),
            "Fn::Sub": self._substitute,
        }

    def resolve(self, value: Any) -> Any:
        """Return the value with every function replaced; what is `AWS::NoValue` is left out.

        Raises:
            DeployError: a function is not supported, or refers to nothing.
        """
        if isinstance(value, list):
            return [self.resolve(item) for item in value if not _is_nothing(item)]
        if is_intrinsic(value):
            ((name, argument),) = value.items()
            if name not in self._functions:
                raise DeployError(f"the function {name} is not supported locally; do without it")
            return self._functions[name](argument)
        if isinstance(value, dict):
            resolved = {key: self.resolve(item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not None}
        return value

    def condition(self, name: str) -> bool:
        """Return whether a condition of the template holds."""
        if name not in self._conditions:
            raise DeployError(f"condition {name} is not in the template; define or correct it")
        return bool(self.resolve(self._conditions[name]))

    def _find_in_map(self, argument: list[Any]) -> Any:
        value: Any = self._mappings
        for key in self.resolve(argument):
            if key not in value:
                raise DeployError(f"the template's mappings have no {key}; correct the template")
            value = value[key]
        return value

    def _substitute(self, argument: Any) -> str:
        text, given = _sub(argument)
        own = {name: self.resolve(value) for name, value in given.items()}

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(own[name])
            resource, dot, attribute = name.partition(".")
            return str(self._attribute(resource, attribute) if dot else self._find(name))

        return _VARIABLE.sub(value, text)


def _attribute(argument: Any) -> tuple[str, str]:
    resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return resource, attribute


def _sub(argument: Any) -> tuple[str, dict[str, Any]]:
    return (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])


def _equal(left: Any, right: Any) -> bool:
    return _text(left) == _text(right)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_nothing(value: object) -> bool:
    return value == {"Ref": NO_VALUE}
