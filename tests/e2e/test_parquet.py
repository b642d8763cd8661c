"""The files in processed/ are what Firehose's converter writes, and read back exactly."""

from decimal import Decimal

import pyarrow.parquet as pq

from schemas.tables import AMOUNTS, LAKE_ROWS
from tests import samples
from tests.e2e.conftest import Lake


def test_physical_types_and_values(lake: Lake) -> None:
    """INT96 times, fixed-length decimals, Parquet 1.0, Snappy; every amount equals the file's."""
    lake.ingest(samples.REAL)
    source = samples.rows(samples.REAL)
    files = lake.objects("processed/charges")
    seen = 0
    for file in files:
        metadata = pq.read_metadata(file)
        assert metadata.format_version == "1.0"
        columns = {metadata.schema.column(i).path: metadata.schema.column(i) for i in
                   range(metadata.num_columns)}  # fmt: skip
        for name in AMOUNTS:
            assert columns[name].physical_type == "FIXED_LEN_BYTE_ARRAY"
            assert (columns[name].logical_type.type) == "DECIMAL"
        assert columns["charge_period_start"].physical_type == "INT96"
        assert metadata.row_group(0).column(0).compression == "SNAPPY"
        table = pq.ParquetFile(file).read()
        assert table.column_names == [c.name for c in LAKE_ROWS.columns]
        for row in table.to_pylist():
            original = source[row["ordinal"]]
            assert row["charge_period_start"].isoformat(" ") == original["ChargePeriodStart"]
            for column in samples.AMOUNTS:
                amount = samples.value(original.get(column))
                expected = None if amount is None else samples.stored(amount)
                assert row[samples.snake(column)] == expected
            assert dict(row["x_extensions"]) == {"Id": original["Id"]}
            assert isinstance(row["billed_cost"], Decimal)
            seen += 1
    assert seen == len(source)
