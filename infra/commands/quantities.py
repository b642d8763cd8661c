"""Times, sizes and rates as people write them on a command line."""

import re

import click

_UNITS_OF_TIME = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_UNITS_OF_SIZE = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9,
                  "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}  # fmt: skip
_TIMES_A_RATE = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3_600.0}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


class _Duration(click.ParamType[float]):
    """Seconds, written as `5s`, `500ms`, `2m`, `1h`."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        number, unit = _parts(str(value))
        if unit is None or (unit or "s") not in _UNITS_OF_TIME:
            self.fail(f"{value!r} is not a time such as 5s, 500ms, 2m or 1h", param, ctx)
        return number * _UNITS_OF_TIME[unit or "s"]


class _Size(click.ParamType[int]):
    """Bytes, written as `64MiB`, `1GB`, `65536`."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        number, unit = _parts(str(value))
        if unit is None or unit.upper() not in _UNITS_OF_SIZE or number <= 0:
            self.fail(f"{value!r} is not a size such as 64MiB or 1GB", param, ctx)
        return round(number * _UNITS_OF_SIZE[unit.upper()])


class _RateType(click.ParamType[float]):
    """Rows a second, written as `50`, `50/s`, `600/min`."""

    name = "rate"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        text, _, per = str(value).partition("/")
        number, unit = _parts(text)
        if unit != "" or (per or "s") not in _TIMES_A_RATE or number <= 0:
            self.fail(f"{value!r} is not a rate such as 50, 50/s or 600/min", param, ctx)
        return number / _TIMES_A_RATE[per or "s"]


def _parts(text: str) -> tuple[float, str | None]:
    """Return a number and its unit; no unit at all where the text is neither."""
    found = _NUMBER.fullmatch(text.strip())
    return (float(found[1]), found[2]) if found else (0.0, None)


duration = _Duration()
size = _Size()
rate = _RateType()
