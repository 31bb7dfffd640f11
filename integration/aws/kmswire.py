"""Makes calls of KMS with boto3 and prints what came of each: the answers of the
fake of package kmstest must mean to another client what AWS documents.

Usage: kmswire.py ENDPOINT CALLS, a JSON list of {action, key, alg, size, type, spoil}
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, calls = sys.argv[1], json.loads(sys.argv[2])
client = boto3.client(
    "kms", endpoint_url=endpoint, region_name="eu-west-1",
    config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
)


def spoilt(octets, call):
    return bytes([octets[0] ^ 1]) + octets[1:] if call.get("spoil") else octets


def make(call):
    key, message = {"KeyId": call["key"]}, b"m" * call.get("size", 1)
    if call["action"] == "describe":
        return client.describe_key(**key)["KeyMetadata"]["KeyState"]
    if call["action"] == "public":
        return client.get_public_key(**key)["KeySpec"]
    if call["action"] == "mac":
        how = key | {"MacAlgorithm": call["alg"], "Message": message}
        made = client.generate_mac(**how)["Mac"]
        return client.verify_mac(**how, Mac=spoilt(made, call))["MacValid"]
    how = key | {"SigningAlgorithm": call["alg"], "Message": message, "MessageType": call.get("type", "RAW")}
    made = client.sign(**how)["Signature"]
    return client.verify(**how, Signature=spoilt(made, call))["SignatureValid"]


def said(call):
    try:
        return str(make(call))
    except ClientError as e:
        modelled = type(e).__name__ if type(e) is not ClientError else "ClientError"
        return f"{e.response['ResponseMetadata']['HTTPStatusCode']} {e.response['Error']['Code']} {modelled}"


print(json.dumps([said(call) for call in calls]))
