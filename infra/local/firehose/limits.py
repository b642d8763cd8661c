"""The service's numbers, each with its source ("§" is a section of the facts it was built from)."""

from datetime import timedelta

KIB = 1024
MIB = 1024 * KIB

# §1.1, service model and a capture of the boundaries
MAX_RECORD_BYTES = 1_024_000
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * MIB
STREAM_NAME = r"[a-zA-Z0-9_.-]{1,64}\Z"
RETENTION_HOURS = 24

# §2.5, captured refusals; a "MB" of the service is read as a MiB
LAMBDA_BUFFER_MB = (0.2, 3.0)
LAMBDA_BUFFER_SECONDS = (0, 900)
DEFAULT_LAMBDA_BUFFER_MB = 1.0
DEFAULT_LAMBDA_BUFFER_SECONDS = 60
# §2.3
LAMBDA_RETRIES = (0, 300)
DEFAULT_LAMBDA_RETRIES = 3
MAX_PROCESSORS = 5
# §2.3: documented as "6 MB", never measured. Lambda's own message for a request that is too large
# names 6,291,556 bytes; the smaller number is the safe one.
MAX_LAMBDA_PAYLOAD_BYTES = 6 * MIB

# §2.3, documented: how long the service waits for a function, whatever the function's own timeout
MAX_INVOCATION = timedelta(minutes=5)

# Service model, BufferingHints
BUFFER_MB = (1, 128)
BUFFER_SECONDS = (0, 900)
DEFAULT_BUFFER_MB = 5
DEFAULT_BUFFER_SECONDS = 300
# §3.1 and §4.1, captured refusals
MIN_LARGE_BUFFER_MB = 64
DEFAULT_LARGE_BUFFER_MB = 128
MIN_PARTITIONED_BUFFER_SECONDS = 60
# §5
MIN_BACKUP_BUFFER_SECONDS = 60

# §4.1, documented; the prefix limit holds for the evaluated text
MAX_EVALUATED_PREFIX = 512
MAX_PREFIX_SETTING = 1024
MAX_RETRY_DURATION_SECONDS = 7200
DEFAULT_RETRY_DURATION_SECONDS = 300
# §4.3, the default quota; it can be raised on request, so the default is the safe one
MAX_ACTIVE_PARTITIONS = 500

# §3.2, service model, ParquetSerDe
MIN_PARQUET_BLOCK_BYTES = 64 * MIB
MIN_PARQUET_PAGE_BYTES = 64 * KIB
DEFAULT_PARQUET_PAGE_BYTES = MIB
