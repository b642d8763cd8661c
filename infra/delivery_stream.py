"""The delivery stream, in the shape of Firehose's `ExtendedS3DestinationConfiguration`.

One place says prefixes, buffers and limits; whoever makes the stream, here or on AWS, reads it.
"""

from typing import Any

STREAM = "finops"
BUCKET = "finops-lake"
DATABASE = "finops"
ROWS_TABLE = "lake_rows"

LAMBDA_BUFFER_MB = "0.2"
"""Small, because the answer is many times the request and may hold 6 MB (design, section 3)."""
PARTITION_BUFFER_MB = 64
"""The least that format conversion and dynamic partitioning allow."""
BUFFER_SECONDS = 300


def destination(*, bucket_arn: str, role_arn: str, function_arn: str) -> dict[str, Any]:
    """Return the destination: Lambda, dynamic partitioning, Parquet, raw backup, errors."""
    by_hour = "!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"
    return {
        "BucketARN": bucket_arn,
        "RoleARN": role_arn,
        "BufferingHints": {"SizeInMBs": PARTITION_BUFFER_MB, "IntervalInSeconds": BUFFER_SECONDS},
        "CompressionFormat": "UNCOMPRESSED",
        "Prefix": (
            "processed/!{partitionKeyFromLambda:table}/!{partitionKeyFromLambda:partition}/"
        ),
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/" + by_hour,
        "DynamicPartitioningConfiguration": {
            "Enabled": True,
            "RetryOptions": {"DurationInSeconds": 300},
        },
        "ProcessingConfiguration": {
            "Enabled": True,
            "Processors": [
                {
                    "Type": "Lambda",
                    "Parameters": [
                        _parameter("LambdaArn", function_arn),
                        _parameter("RoleArn", role_arn),
                        _parameter("NumberOfRetries", "3"),
                        _parameter("BufferSizeInMBs", LAMBDA_BUFFER_MB),
                        _parameter("BufferIntervalInSeconds", "60"),
                    ],
                }
            ],
        },
        "DataFormatConversionConfiguration": {
            "Enabled": True,
            # Tag keys keep their case; our own keys are lower-case already.
            "InputFormatConfiguration": {
                "Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": False}}
            },
            "OutputFormatConfiguration": {
                "Serializer": {
                    "ParquetSerDe": {"Compression": "SNAPPY", "EnableDictionaryCompression": True}
                }
            },
            "SchemaConfiguration": {
                "RoleARN": role_arn,
                "DatabaseName": DATABASE,
                "TableName": ROWS_TABLE,
                "Region": "us-east-1",
                "VersionId": "LATEST",
            },
        },
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {
            "BucketARN": bucket_arn,
            "RoleARN": role_arn,
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": BUFFER_SECONDS},
            # The records are gzip members already; a second compression would gain nothing.
            "CompressionFormat": "UNCOMPRESSED",
            "Prefix": "raw/" + by_hour,
            "ErrorOutputPrefix": "errors/backup-!{firehose:error-output-type}/" + by_hour,
        },
    }


def _parameter(name: str, value: str) -> dict[str, str]:
    return {"ParameterName": name, "ParameterValue": value}
