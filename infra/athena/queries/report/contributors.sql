-- Which resources added most to each anomaly?
-- Measure: effective cost. A query of its own, because nested values have no text to read back.
select a.anomaly_id, c.resource_id as resource, c.actual, c.expected
from anomalies a
cross join unnest(a.contributors) with ordinality as c(resource_id, actual, expected, nth)
where a.status <> 'withdrawn' and a.suppressed_by is null
order by a.anomaly_id, c.nth
