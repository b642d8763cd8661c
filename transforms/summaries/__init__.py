"""Summaries: sums of charges by day and by month, built again only where what they sum has changed.

A build is named by a hash of what it says and never overwritten; one object says which build of
each period the views show. So a query sees a day as it was or as it is, and two runs at once cannot
mix their results.
"""

from transforms.summaries.builds import Build
from transforms.summaries.refresh import DAILY, MONTHLY, Gap, Refreshed, gaps, refresh

__all__ = ["DAILY", "MONTHLY", "Build", "Gap", "Refreshed", "gaps", "refresh"]
