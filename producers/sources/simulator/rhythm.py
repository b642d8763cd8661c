"""How the use of a service moves through the day, the week and the months."""

from dataclasses import dataclass
from functools import lru_cache

from producers.sources.simulator.clock import DAY, weekday
from producers.sources.simulator.noise import MILLION, bell, mix

_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How the use of a service moves; factors in thousandths, noise and growth in millionths."""

    hours: tuple[int, ...]
    """One factor for each hour of the day, UTC, about 1000 on average."""
    week: tuple[int, ...]
    """One factor for each weekday, Monday first."""
    deviation: int
    """Standard deviation of a day's level in one account and region."""
    growth: int
    """What each day adds, of the first day's level."""


_FLAT = (1000,) * 24
_OFFICE = (
    *(520, 480, 460, 460, 480, 560, 760, 1080, 1380, 1540, 1580, 1540),
    *(1460, 1500, 1560, 1560, 1460, 1260, 1020, 860, 760, 680, 540, 500),
)
_EVENING = (
    *(760, 620, 540, 480, 460, 480, 580, 720, 840, 920, 980, 1040),
    *(1080, 1060, 1040, 1060, 1140, 1300, 1520, 1700, 1720, 1560, 1340, 1060),
)
_NIGHT = (
    *(2100, 2300, 2300, 2100, 1800, 1400, 900, 600, 500, 500, 500, 500),
    *(500, 500, 500, 500, 500, 550, 600, 700, 850, 1050, 1250, 1500),
)

RHYTHMS = {
    "office": Rhythm(_OFFICE, (1000, 1000, 1000, 1000, 1000, 680, 620), 45_000, 1_000),
    "shop": Rhythm(_EVENING, (1000, 1000, 1000, 1000, 1000, 800, 780), 50_000, 1_500),
    "batch": Rhythm(_NIGHT, (1000,) * 7, 40_000, 800),
    "steady": Rhythm(_FLAT, (1000,) * 7, 30_000, 500),
}


@lru_cache(maxsize=4_096)
def day_level(rhythm: Rhythm, key: int, first_day: int, day: int) -> int:
    """Return a day's factor from weekday, growth and chance, in parts per million.

    Args:
        rhythm: the service's.
        key: which series: its chance.
        first_day: the day whose level is 1, as a number of days since 1970.
        day: the day asked for.
    """
    week = rhythm.week[weekday(day * DAY)]
    growth = MILLION + rhythm.growth * (day - first_day)
    return week * growth * bell(mix(key ^ day), rhythm.deviation) // (_THOUSAND * MILLION)


def level(rhythm: Rhythm, key: int, first_day: int, hour: int) -> int:
    """Return an hour's factor, in parts per million."""
    day = day_level(rhythm, key, first_day, hour // DAY)
    return day * rhythm.hours[hour % DAY] // _THOUSAND
