"""What a stack of ours must consist of, so that a part that is gone is missed by its name.

A resource that others refer to is missed by the deployment itself. These stand alone: nothing
refers to a schedule, a policy on a bucket, or a table that only queries name.
"""

from collections.abc import Mapping
from typing import Any

from infra.aws.errors import TemplateError
from infra.aws.monitoring.alarms import alarms
from infra.aws.monitoring.facts import facts_of
from infra.aws.queries import query_keys

STAND_ALONE = {
    "LakeTlsOnly": "the lake would take requests without TLS",
    "ResultsTlsOnly": "query results would be readable without TLS",
    "IngestSchedule": "nothing would be ingested",
    "SettleSchedule": "no delivery would become the truth",
    "SummariesSchedule": "summaries would not follow what settle changes",
    "BaselineSchedule": "no baseline would be published",
    "AnomaliesSchedule": "no day would be judged",
    "AuditSchedule": "nobody would look whether anything is lost",
    "AlarmMail": "nobody would be told of an alarm",
    "AnomalyMail": "nobody would be told of a cost anomaly",
    "Dashboard": "nobody would see the stream at a glance",
    "ChargesStoredTable": "the view charges would have nothing to read",
    "DeliveriesStoredTable": "the view deliveries would have nothing to read",
    "CurrentStateTable": "the view charges would not know what is true",
    "DeliveryStatusTable": "the view deliveries would not know what was settled",
    "ActiveEvaluationTable": "the views would not know which evaluation to show",
    "CompactionsTable": "copies that compaction made would count as doubled",
    "SummariesTable": "the views of summaries would not know which build to show",
    "DailyCostsStoredTable": "the view daily_costs would have nothing to read",
    "MonthlyCostsStoredTable": "the view monthly_costs would have nothing to read",
    "AnomaliesTable": "anomalies could not be queried",
    "AnomalyHistoryTable": "what happened to an anomaly could not be queried",
    "AnomalyAcksTable": "what people said of anomalies could not be queried",
    "SuppressionsTable": "planned events could not be queried",
    "AuditsTable": "audits could not be queried",
    "AuditDaysTable": "what an audit says of a day could not be queried",
}
"""Resources by their names in the template, and what would happen without each."""


def check_parts(template: Mapping[str, Any]) -> None:
    """Refuse a template that lacks a part nothing else would miss.

    Raises:
        TemplateError: naming the part and what it is for.
    """
    for name, without in STAND_ALONE.items():
        if name not in template["Resources"]:
            raise TemplateError(f"the template has no {name}: {without}; put it back")
    for name, without in query_keys().items():
        if name not in template["Resources"]:
            raise TemplateError(
                f"the template has no {name}: {without}; "
                "to put it back, run: python -m infra.aws.generate"
            )
    for alarm in alarms(facts_of(template)):
        if alarm.key not in template["Resources"]:
            raise TemplateError(
                f"the template has no {alarm.key}: nobody would be told when it says: "
                f"{alarm.meaning} To put it back, run: python -m infra.aws.generate"
            )
