"""Asks for a secret with boto3 and prints what it understood: the same answers
that the fake of the Go tests gives must mean the same to another client.

Usage: wire.py ENDPOINT ARN STAGE
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, arn, stage = sys.argv[1:]
client = boto3.client(
    "secretsmanager", endpoint_url=endpoint, region_name="eu-west-1",
    config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
)
try:
    answer = client.get_secret_value(SecretId=arn, VersionStage=stage)
    out = {
        "text": answer.get("SecretString", ""), "binary": answer.get("SecretBinary", b"").hex(), "arn": answer["ARN"],
        "stages": answer["VersionStages"], "created": answer["CreatedDate"].timestamp(),
    }
except ClientError as err:
    out = {"code": err.response["Error"]["Code"], "status": err.response["ResponseMetadata"]["HTTPStatusCode"]}
print(json.dumps(out))
