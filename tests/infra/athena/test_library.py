"""The library as files: what a description must say, how values are bound, what a query costs."""

from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.athena.library import Parameter, library, parse_query
from infra.athena.price import MEGABYTE, billed_bytes, price
from infra.aws.queries import LONGEST_DESCRIPTION, description, query_keys
from infra.aws.template import TEMPLATE, load_template
from infra.errors import ParameterError
from infra.local.athena import LocalAthena
from infra.local.aws.athena.parameters import with_parameters
from tests import samples
from tests.infra.athena.whole_lakes import athena, charges_folder, write_lake
from tests.sources import file_source

DAY = "2024-09-11"
TEXT = Parameter("tag", "text", "A tag.", "application")
HEAD = """/*
question = "Why?"
number = [1]
measure = "effective"
period = "charge"
reads = ["charges"]

[parameters.day]
type = "{type}"
meaning = "A day."
example = "2024-09-01"

[columns]
a = "bigint"
*/
"""


def test_nearly_all_questions_have_a_query() -> None:
    """Thirty questions, a query or more for each."""
    assert {number for query in library().values() for number in query.numbers} == {*range(1, 31)}


@pytest.mark.parametrize("name", library())
def test_a_description_says_all(name: str) -> None:
    """A question, its measure and period, and an example that fits each parameter."""
    query = library()[name]
    assert query.question.endswith("?")
    assert query.measure
    assert query.period in ("charge", "billing")
    assert len(query.literals(query.examples())) == len(query.parameters)
    for parameter in query.parameters:
        assert parameter.meaning.endswith(".")
        if parameter.default is not None:
            parameter.literal(parameter.default)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select 1 as a", "begin it with a description"),
        (HEAD.format(type="date") + "select 1 as a", r"one \? for each of its 1"),
        (HEAD.format(type="date") + "select ? as a, ? as b", r"one \? for each of its 1"),
        (HEAD.format(type="date") + "select '?' as a", r"one \? for each of its 1"),
        (HEAD.format(type="day") + "select ? as a", "its type is one of"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(text: str, why: str) -> None:
    """Saying what to do."""
    with pytest.raises(ValueError, match=why):
        parse_query("x", text)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_text_is_bound_and_never_sql(value: str) -> None:
    """Quotes, comments and question marks come back as they went in."""
    engine = LocalAthena(Path("/nowhere"), (), {})
    sql = with_parameters("select ? as a", [TEXT.literal(value)])
    assert engine.query(sql).rows == [(value,)]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("date", "2024-02-30"), ("date", "20240901"), ("date", "2024-09-01' or ''='"),
        ("month", "2024-13"), ("month", "2024-9"), ("integer", "1.5"), ("integer", "1; drop"),
        ("decimal", "1e5"), ("decimal", "NaN"), ("decimal", "1.1234567890123"), ("decimal", ""),
        ("date", "٢٠٢٤-٠٩-٠١"), ("month", "٢٠٢٤-09"), ("integer", "٥"), ("decimal", "٥.٥"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(type_: str, value: str) -> None:
    """Naming the parameter, with an example."""
    with pytest.raises(ParameterError, match=r"x=.* is not .*; for example: --param x=7"):
        Parameter("x", type_, "X.", "7").literal(value)


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("service_days", {"first_day": "2024-09-30", "last_day": "2024-09-01"},
         "first_day=2024-09-30 is after last_day=2024-09-01; give the earlier one as first_day: "
         "--param first_day=2024-09-01 --param last_day=2024-09-30"),
        ("invoices", {"first_month": "2024-10", "last_month": "2024-09"},
         "first_month=2024-10 is after last_month=2024-09; give the earlier one as first_month: "
         "--param first_month=2024-09 --param last_month=2024-10"),
        *((name, {day: outside},
           f"{day}={outside} is not within first_day=2024-09-01 and last_day=2024-09-30; "
           "choose one of these days, or a longer span")
          for name, day in (("movers", "split_day"), ("first_seen", "new_since"))
          for outside in ("2024-08-31", "2024-10-01")),
    ],
)  # fmt: skip
def test_a_span_without_days_is_refused(name: str, values: dict[str, str], why: str) -> None:
    """An answer without rows would look like no cost."""
    query = library()[name]
    with pytest.raises(ParameterError, match=f"^{why}$"):
        query.literals(query.examples() | values)


@pytest.mark.parametrize("day", ["2024-09-01", "2024-09-30"])
def test_a_stretch_may_begin_on_either_edge(day: str) -> None:
    """One day is a span, too."""
    query = library()["service_change"]
    assert query.literals(query.examples() | {"split_day": day})
    assert query.literals({"first_day": day, "last_day": day, "split_day": day})


def test_a_value_that_is_none_of_the_choices_is_refused() -> None:
    """Listing them."""
    with pytest.raises(ParameterError, match="choose one of: service, account"):
        library()["month_over_month"].parameters[0].literal("colour")


@pytest.mark.parametrize(
    ("scanned", "billed", "usd"),
    [
        (0, 10 * MEGABYTE, "0.000048"),
        (10 * MEGABYTE + 1, 11 * MEGABYTE, "0.000053"),
        (1024**4, 1024**4, "5.000000"),
    ],
)
def test_a_query_is_billed_by_the_megabyte_and_ten_at_least(
    scanned: int, billed: int, usd: str
) -> None:
    """At five dollars a terabyte."""
    assert (billed_bytes(scanned), price(scanned)) == (billed, Decimal(usd))


def test_the_template_holds_every_query_within_cloudformation_s_limits() -> None:
    """Two resources each, with the SQL that the command runs; one megabyte, 500 resources."""
    resources = load_template()["Resources"]
    assert TEMPLATE.stat().st_size < 1_000_000
    # A resource of SAM becomes a few.
    assert len(resources) < 300
    texts = {
        (resource["Type"], next(v for k, v in resource["Properties"].items() if k.endswith("Name")))
        : next(v for k, v in resource["Properties"].items() if k.startswith("Query"))
        for key, resource in resources.items()
        if key in query_keys()
    }  # fmt: skip
    assert texts == {
        (f"AWS::Athena::{kind}", name): query.sql
        for kind in ("NamedQuery", "PreparedStatement")
        for name, query in library().items()
    }
    assert all(len(description(query)) <= LONGEST_DESCRIPTION for query in library().values())


def test_one_day_and_one_service_reads_little_but_that_day_s_files(tmp_path: Path) -> None:
    """Within a tenth of their size, on a day of a real lake's size; a comparison, a week's more."""
    lake = write_lake(tmp_path / "lake", file_source(samples.REAL))
    folder = charges_folder(lake, "2024-09", DAY)
    _grow(folder / "finops-1.parquet", 600)
    size = _size(folder)
    week = sum(_size(charges_folder(lake, "2024-09", f"2024-09-{n:02}")) for n in range(4, 11))
    sql = f"""
    select sum(effective_cost) as cost from charges
    where charge_date = '{DAY}' and service_name = 'Amazon Elastic Compute Cloud'
    """
    assert size <= athena(lake).query(sql).bytes_scanned <= 1.1 * size
    asked = library()["service_days"]
    literals = asked.literals({"first_day": DAY, "last_day": DAY})
    scanned = athena(lake).query(with_parameters(asked.sql, literals)).bytes_scanned
    assert size + week <= scanned <= 1.1 * size + week


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _grow(file: Path, times: int) -> None:
    """Repeat a file's rows under other numbers and names."""
    table = pq.read_table(file)
    parts = []
    for number in range(times):
        ordinals = pc.add(table["ordinal"], number * 1_000_000)
        names = pa.array(
            [sha256(f"{number}-{i}".encode()).hexdigest() for i in range(table.num_rows)]
        )
        part = table.set_column(table.column_names.index("ordinal"), "ordinal", ordinals)
        parts.append(part.set_column(part.column_names.index("resource_id"), "resource_id", names))
    pq.write_table(pa.concat_tables(parts), file, use_deprecated_int96_timestamps=True)
