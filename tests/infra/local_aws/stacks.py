"""A small plain template with one of everything a pipeline has, to deploy and to break."""

from typing import Any

from infra.aws.template import BUNDLES

TRUST = {"Version": "2012-10-17", "Statement": []}
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def pipeline() -> dict[str, Any]:
    """Return schedule → function → stream → transform → Parquet in a bucket."""
    return {
        "Parameters": {
            "Name": {"Type": "String", "Default": "small"},
            "Colors": {"Type": "CommaDelimitedList", "Default": "red,blue"},
            "Minutes": {"Type": "Number", "Default": 5},
        },
        "Conditions": {"Never": {"Fn::Equals": [{"Ref": "Name"}, "other"]}},
        "Resources": {**_storage(), **_stream(), **_functions(), **_schedule()},
        "Outputs": {
            "Bucket": {"Value": {"Ref": "Lake"}},
            "FirstColor": {"Value": {"Fn::Select": [0, {"Ref": "Colors"}]}},
            "Never": {"Condition": "Never", "Value": "x"},
        },
    }


def _storage() -> dict[str, Any]:
    return {
        "Lake": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        },
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {"Name": {"Ref": "Name"}},
            },
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": {"Ref": "Database"},
                "TableInput": {
                    "Name": "things",
                    "StorageDescriptor": {
                        "Columns": [
                            {"Name": "color", "Type": "string"},
                            {"Name": "name", "Type": "string"},
                        ],
                        "SerdeInfo": {"SerializationLibrary": _SERDE},
                    },
                },
            },
        },
        "Unused": {"Type": "AWS::SQS::Queue", "Condition": "Never"},
        "Failed": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": "1209600"}},
    }


def _stream() -> dict[str, Any]:
    parameters = {
        "LambdaArn": {"Ref": "Live"},
        "BufferSizeInMBs": "0.2",
        "BufferIntervalInSeconds": "60",
    }
    return {
        "Stream": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "DependsOn": "Failed",
            "Properties": {
                "DeliveryStreamName": {"Ref": "Name"},
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": {"Fn::GetAtt": ["Lake", "Arn"]},
                    "RoleARN": {"Fn::GetAtt": "Role.Arn"},
                    "BufferingHints": {
                        "SizeInMBs": "64",
                        "IntervalInSeconds": {"Fn::Sub": ["${M}0", {"M": "6"}]},
                    },
                    "Prefix": "things/color=!{partitionKeyFromLambda:color}/",
                    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
                    "DynamicPartitioningConfiguration": {"Enabled": "true"},
                    "ProcessingConfiguration": {
                        "Enabled": "true",
                        "Processors": [
                            {
                                "Type": "Lambda",
                                "Parameters": [
                                    {"ParameterName": name, "ParameterValue": value}
                                    for name, value in parameters.items()
                                ],
                            }
                        ],
                    },
                    "DataFormatConversionConfiguration": {
                        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
                        "SchemaConfiguration": {
                            "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]},
                            "DatabaseName": {"Ref": "Database"},
                            "TableName": {"Ref": "Table"},
                            "Region": {"Ref": "AWS::Region"},
                        },
                    },
                },
            },
        },
    }


def _functions() -> dict[str, Any]:
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": TRUST},
        },
        "Transform": _function("pass_on"),
        "Version": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Transform"}},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Transform"},
                "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
            },
        },
        "Produce": _function("put_now"),
    }


def _function(handler: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": BUNDLES, "S3Key": "code"},
            "Handler": f"tests.infra.local_aws.handlers.{handler}",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.13",
            "Timeout": "30",
            "Environment": {"Variables": {"STREAM": {"Ref": "Name"}}},
        },
    }


def _schedule() -> dict[str, Any]:
    return {
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": {"Fn::Join": ["-", [{"Ref": "Name"}, "hourly"]]},
                "ScheduleExpression": "cron(0 * * * ? *)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Fn::GetAtt": ["Produce", "Arn"]},
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
                },
            },
        }
    }
