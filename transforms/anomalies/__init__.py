"""Anomalies as events: days that cost abnormally much, with a beginning, an end and a history.

`run` judges what has changed, writes down how every anomaly stands, and tells of new ones once.
`judge` and `lives` are pure; only `contributors` asks the lake.
"""

from transforms.anomalies.judging import INCOMPLETE_DAYS, judge
from transforms.anomalies.model import AbnormalDay, Anomaly, Contributor, Series
from transforms.anomalies.run import Outcome, run

__all__ = [
    "INCOMPLETE_DAYS",
    "AbnormalDay",
    "Anomaly",
    "Contributor",
    "Outcome",
    "Series",
    "judge",
    "run",
]
