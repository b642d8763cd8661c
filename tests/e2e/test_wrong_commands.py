"""Wrong commands: exit code 2, one line that names the next step, no traceback."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from infra import cli
from infra.cli import run
from producers.errors import SourceError
from tests import samples
from tests.e2e.conftest import Finops, Lake

SELECT = "select count(*) as n from charges"

# (arguments, exact standard error); {tmp} is the test's folder. Each exits with 2.
EMPTY_LAKE = [
    (["ingest", "{tmp}/none.csv"], "{tmp}/none.csv: no such file; check the path"),
    (["ingest", "{tmp}/empty.csv"], "{tmp}/empty.csv: is empty; export it again"),
    (["ingest", "{tmp}/x.parquet"],
     "{tmp}/x.parquet: not readable as Parquet (Parquet file size is 12 bytes, smaller than the "
     "size reported by footer's (774778414bytes)); fetch it again"),
    (["ingest", "{tmp}/utf16.csv"],
     "{tmp}/utf16.csv: is UTF-16 text, not CSV or Parquet; save it as UTF-8 and give that"),
    (["ingest", "{tmp}/other.csv"],
     "other.csv: neither FOCUS nor CUR columns; say --source focus or --source cur to see what is "
     "missing"),
    (["ingest", "{tmp}/other.csv", "--source", "focus"],
     "other.csv: no column BilledCost, BillingAccountId, BillingCurrency, BillingPeriodStart, "
     "BillingPeriodEnd, ChargePeriodStart, ChargePeriodEnd, ChargeCategory; is it a FOCUS export "
     "with a header line? (--set COLUMN=VALUE fills one in)"),
    (["ingest", "{tmp}/twice.csv"], "twice.csv: column x_a stands twice; export it again"),
    (["ingest", "{tmp}/other.csv", "--source", "cur"],
     "other.csv: no column bill_billing_period_start_date, line_item_line_item_type, "
     "line_item_unblended_cost, line_item_usage_start_date; is it a Cost and Usage Report with a "
     "header line?"),
    (["ingest", "{tmp}/other.csv", "--source", "azure"],
     "Invalid value for '--source': 'azure' is not one of 'auto', 'cur', 'focus'; "
     "see: finops ingest --help"),
    (["ingest", "{real}", "--source", "cur"],
     "focus_1_0_real.csv: has the columns of a FOCUS export; say --source focus"),
    (["ingest", "{real}", "--set", "Nope=1"],
     "Nope is not a FOCUS column; give one such as BillingAccountId=123456789012"),
    (["ingest", "{real}", "--set", "BillingCurrency"],
     "--set 'BillingCurrency' is not COLUMN=VALUE, such as BillingCurrency=USD"),
    (["ingest", "{real}", "--replace", "--add"],
     "--replace and --add exclude each other; say one of them"),
    (["ingest", "{real}", "--max-rejected", "120%"],
     "Invalid value for '--max-rejected': '120%' is not a share between 0% and 100%, such as 5%; "
     "see: finops ingest --help"),
    (["ingest", "{tmp}/folder"],
     "{tmp}/folder: no CSV or Parquet files in it; name the folder of an export, or one file"),
    (["ingest"], "Missing argument 'FILE|FOLDER|S3-ADDRESS'; see: finops ingest --help"),
    (["ingest", "{tmp}/other.csv", "--resned"],
     "No such option '--resned'. (Did you mean one of: '--resend', '--set'?); "
     "see: finops ingest --help"),
    (["nope"], "No such command 'nope'; see: finops --help"),
    (["query", "--sql", SELECT], "no data yet in {lake}; run: finops ingest FILE"),
    (["deliveries"], "no data yet in {lake}; run: finops ingest FILE"),
    (["audit"], "no data yet in {lake}; run: finops ingest FILE"),
    (["settle"], "no data yet in {lake}; run: finops ingest FILE"),
    (["quarantine", "list"], "no data yet in {lake}; run: finops ingest FILE"),
    (["quarantine", "retry"], "no data yet in {lake}; run: finops ingest FILE"),
    (["quarantine", "retry", "--text", "{real}"],
     "--text mends one row; name it: finops quarantine retry ID --text FILE"),
    (["events", "cat"], "no data yet in {lake}; run: finops ingest FILE"),
    (["events", "cat", "{tmp}/none.bin"],
     "{tmp}/none.bin: No such file or directory; name a file with records"),
]  # fmt: skip

ONE_SELECT = "Only one SELECT (with WITH and UNION) runs here; tables and views are set up by code."
FULL_LAKE = [
    (["query"], "name a query of the library, or give --sql; finops query list shows the library"),
    (["query", "--sql", "selct 1"],
     "Queries of this type are not supported; write one SELECT in Athena's SQL"),
    (["query", "--sql", "select * from nope"],
     "TABLE_NOT_FOUND: line 1:15: Table 'finops.nope' does not exist. Tables: active_evaluation, "
     "anomalies, anomaly_acks, anomaly_history, audit_days, audits, charges, charges_all, "
     "charges_stored, compactions, current_state, daily_costs, daily_costs_stored, deliveries, "
     "deliveries_stored, delivery_status, findings, focus, lake_rows, monthly_costs, "
     "monthly_costs_stored, summaries, suppressions."),
    (["query", "service-chnage"],
     "no query 'service-chnage'; did you mean service_change? "
     "finops query list shows the library"),
    (["query", "zzz"], "no query 'zzz'; finops query list shows the library"),
    (["query", "service_days", "--param", "first_day=2024-09-01"],
     "service_days needs last_day; for example: finops query service_days "
     "--param first_day=2024-09-01 --param last_day=2024-09-30"),
    (["query", "service_days", "--param", "day=2024-09-01"],
     "service_days has no parameter day; it has: first_day, last_day"),
    (["query", "invoices", "--param", "first_month=2024-13", "--param", "last_month=2024-13"],
     "first_month='2024-13' is not a month, YYYY-MM; "
     "for example: --param first_month=2024-09"),
    (["query", "invoices", "--param", "first_month"],
     "--param 'first_month' is not KEY=VALUE, such as first_day=2024-09-01"),
    (["query", "invoices", "--param", "first_month=1", "--param", "first_month=2"],
     "--param first_month is given twice; give it once"),
    (["query", "invoices", "--sql", SELECT],
     "name a query of the library, or give --sql; finops query list shows the library"),
    (["query", "--sql", SELECT, "--param", "a=b"],
     "--param is for queries of the library; write the value into --sql"),
    (["query", "--sql", SELECT, "--show"], "--show prints a query of the library; name one"),
    (["query", "list", "--csv", "--json"],
     "--csv, --json and --parquet are three answers; choose one"),
    *((["query", "list", *more],
       "finops query list shows the library and takes --json alone; "
       "for one query's SQL: finops query NAME --show")
      for more in (["--csv"], ["--parquet", "{tmp}/x"], ["--param", "x=y"], ["--show"])),
    *((["query", "movers", "--show", *more],
       "--show prints a query's SQL and takes --json alone; for its answer leave it out")
      for more in (["--csv"], ["--parquet", "{tmp}/x"], ["--param", "top=3"])),
    (["query", "service_days", "--param", "first_day=2024-09-30",
      "--param", "last_day=2024-09-01"],
     "first_day=2024-09-30 is after last_day=2024-09-01; give the earlier one as first_day: "
     "--param first_day=2024-09-01 --param last_day=2024-09-30"),
    (["query", "invoices", "--param", "first_month=٢٠٢٤-09", "--param", "last_month=2024-09"],
     "first_month='٢٠٢٤-09' is not a month, YYYY-MM; "
     "for example: --param first_month=2024-09"),
    (["query", "--sql", "select 1 as a", "--parquet", "{tmp}/none/x.parquet"],
     "{tmp}/none/x.parquet: No such file or directory; name another file"),
    (["query", "--sql", "select nope from charges"],
     "COLUMN_NOT_FOUND: Column 'nope' cannot be resolved. "
     "Name a column of the tables after FROM."),
    (["query", "--sql", "drop table charges"],
     "finops query only reads, and drop does not; for other statements run: "
     "finops local up, and use the aws command or boto3"),
    (["query", "--sql", "/* select */ ( INSERT into charges_stored select 1"],
     "finops query only reads, and INSERT does not; for other statements run: "
     "finops local up, and use the aws command or boto3"),
    (["query", "--sql", "select 1; select 2"],
     f"NOT_SUPPORTED: 2 statements at once. {ONE_SELECT}"),
    (["query", "--sql", "select * from read_csv('/etc/passwd')"],
     "NOT_SUPPORTED: READ_CSV('/etc/passwd') in FROM is neither a table nor a view. "
     "Name a table of the lake."),
    (["query", "--sql", "select nofunc(1) as n from charges"],
     "FUNCTION_NOT_FOUND: line 1:8: Function 'nofunc' not registered. Use a function that Athena "
     "has and the local engine knows."),
    (["deliveries", "zzz"],
     "no delivery with an id that begins with 'zzz'; list: finops deliveries"),
    (["settle", "--accept-incomplete", "zzz"],
     "no delivery 'zzz' was completed; list them with: finops deliveries"),
    (["quarantine", "retry", "zzz"],
     "no rejected row is called 'zzz'; list: finops quarantine list"),
    (["quarantine", "show", "zzz:1"],
     "nothing in quarantine is called 'zzz:1'; list: finops quarantine list"),
]  # fmt: skip


def _name(value: object) -> str:
    return "-".join(value)[:60] if isinstance(value, list) else ""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files that are no FOCUS export, each in its own way."""
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "x.parquet").write_bytes(b"PAR1....PAR1")
    (tmp_path / "utf16.csv").write_text("BilledCost\n1\n", "utf-16")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    header = samples.REAL.read_text("utf-8").splitlines()[0]
    (tmp_path / "twice.csv").write_text(f"{header},x_a,x_a\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(("arguments", "said"), EMPTY_LAKE, ids=_name)
def test_before_anything_was_ingested(
    finops: Finops, files: Path, arguments: list[str], said: str
) -> None:
    """The exact sentence, on standard error, and nothing on standard output."""
    told = finops(*(a.format(tmp=files, real=samples.REAL) for a in arguments))
    expected = "finops: " + said.format(tmp=files, lake=files / "finops")
    assert (told.code, told.out, told.err) == (2, "", expected + "\n")


class TestWithData:
    """Over a lake with the real sample, made once, its server running."""

    @pytest.fixture(scope="class")
    @classmethod
    def full_lake(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
        """Return its data directory."""
        lake = Lake(tmp_path_factory.mktemp("full") / "finops")
        lake.ingest(samples.REAL)
        yield lake.data_dir
        lake.stop()

    @pytest.mark.parametrize(("arguments", "said"), FULL_LAKE, ids=_name)
    def test_the_sentence_is_exact(
        self,
        full_lake: Path,
        capsys: pytest.CaptureFixture[str],
        arguments: list[str],
        said: str,
    ) -> None:
        """On standard error, and nothing on standard output."""
        code = run([*arguments, "--data-dir", str(full_lake)])
        told = capsys.readouterr()
        assert (code, told.out, told.err) == (2, "", f"finops: {said}\n")


def test_a_data_dir_that_is_a_file(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither ingest nor query creates anything there."""
    path = files / "other.csv"
    for arguments in (["ingest", str(samples.REAL)], ["audit"]):
        assert run([*arguments, "--data-dir", str(path)]) == 2
        said = capsys.readouterr().err
        assert said == f"finops: {path}: is not a folder; choose another --data-dir\n"


def test_a_damaged_gzip_file_delivers_nothing_as_complete(finops: Finops, files: Path) -> None:
    """The error names the file; what the lake believed before, it believes still."""
    finops("ingest", str(samples.BROKEN), "--max-rejected", "100%")
    before = finops("query", "--json", "--sql", SELECT).json
    path = files / "cut.csv.gz"
    path.write_bytes(gzip.compress(samples.REAL.read_bytes())[:-2_000])
    told = finops("ingest", str(path))
    assert told.code == 2
    assert told.err.startswith(f"finops: {path}: the gzip file is damaged near line")
    assert told.err.count("\n") == 1
    assert finops("query", "--json", "--sql", SELECT).json == before


def test_debug_shows_the_traceback(files: Path) -> None:
    """Only with --debug does an error come as an exception."""
    with pytest.raises(SourceError):
        run(["ingest", str(files / "none.csv"), "--debug", "--data-dir", str(files / "l")])


def test_every_command_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb has a help text with an example."""
    for path, command in _commands(cli.finops, ()):
        assert run([*path, "--help"]) == 0
        said = capsys.readouterr().out
        assert command.help, path
        if not isinstance(command, click.Group):
            assert "Example:" in said, path


def _commands(
    group: click.Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
