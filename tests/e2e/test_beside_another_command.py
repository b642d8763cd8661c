"""Two commands over one data directory: the second uses the first one's server."""

from infra.wiring import start
from tests import samples
from tests.e2e.conftest import Finops, Lake


def test_a_query_beside_a_command_that_made_no_views(finops: Finops, lake: Lake) -> None:
    """An ingest asks no view and makes none; a query that finds its server makes its own."""
    lake.ingest(samples.BROKEN)
    lake.stop()
    with start(lake.data_dir, views=False):
        answer = finops("query", "--json", "--sql", "select count(*) as n from charges")
    assert (answer.code, answer.json) == (0, [{"n": 3}])
