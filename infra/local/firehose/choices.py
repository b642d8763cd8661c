"""What could not be confirmed about the service, and what we do: the stricter reading, each once.

A run against the real service may overturn any of these; nothing else has to change then.
"""

DUPLICATE_ID_FAILS_BATCH = True
"""§2.3: one source fails the whole batch for a record id returned twice, another that id only."""

NULL_DATA_CODE = "Lambda.InvalidReturnFormat"
"""§2.3: the message for `Ok` without data was captured, the code was not."""

MALFORMED_PARTITION_CODE = "DynamicPartitioning.MetadataExtractionFailed"
MALFORMED_PARTITION_TYPE = "metadata-extraction-failed"
"""§4.3: seen with jq; assumed for keys that a Lambda left out, too."""

PARTITION_LIMIT_CODE = "DynamicPartitioning.ActivePartitionsLimitExceeded"
PARTITION_LIMIT_TYPE = "activePartitionExceeded"
"""§4.3: the type is documented; the code and the fields of the line are assumed."""

# §13.7: whether `rawData` of a conversion or partitioning failure is the record as put or what the
# Lambda made of it is unknown. It is the Lambda's output here, the less useful of the two, so that
# nobody comes to rely on finding originals there.

# §2.6: of several documents in one record, one that does not fit fails the whole record, so that a
# record is in the main output or in the error output, never half in each.

# §13.9: the Lambda buffer counts the records' own bytes, not base64: the larger requests.

# §3.3: a fraction or a number out of range for an integer column, text other than true and false
# for a boolean, and a timestamp outside the years 1 to 9999 fail the record, where the real service
# may truncate, read false, or wrap around in silence.
