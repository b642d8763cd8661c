"""What the commands need to judge and to tell: the stack's topic, and anomalies by their names."""

from collections.abc import Iterable, Sequence

from infra.errors import UsageError
from infra.wiring import Platform
from transforms.anomalies import Anomaly
from transforms.anomalies.notice import message, subject
from transforms.anomalies.run import Outcome, run


def judge_now(platform: Platform) -> Outcome:
    """Do what the scheduled job does, at this moment."""

    def tell(anomalies: Sequence[Anomaly]) -> None:
        sns = platform.client("sns")
        topic = topic_of(platform)
        sns.publish(TopicArn=topic, Subject=subject(anomalies), Message=message(anomalies))

    return run(platform.query, platform.store, platform.clock.now(), tell)


def topic_of(platform: Platform) -> str:
    """Return the stack's topic of anomalies.

    Raises:
        UsageError: the stack has none.
    """
    wanted = f":{platform.names.stream}-anomalies"
    pages = platform.client("sns").get_paginator("list_topics").paginate()
    for page in pages:
        for topic in page["Topics"]:
            if topic["TopicArn"].endswith(wanted):
                return str(topic["TopicArn"])
    raise UsageError(f"no topic {wanted[1:]}; deploy infra/aws/template.yaml again")


def chosen(anomalies: Iterable[Anomaly], name: str) -> Anomaly:
    """Return the one anomaly whose name begins so.

    Raises:
        UsageError: there is none, or there are several.
    """
    found = [anomaly for anomaly in anomalies if name and anomaly.anomaly_id.startswith(name)]
    if len(found) != 1:
        problem = "no anomaly" if not found else f"{len(found)} anomalies"
        raise UsageError(
            f"{problem} with a name that begins with {name!r}; list: finops anomalies list"
        )
    return found[0]
