"""Makes a user pool with a user in two groups and prints an ID token of hers.

Usage: cognito.py ENDPOINT
"""

import json
import sys

import boto3

cognito = boto3.client("cognito-idp", endpoint_url=sys.argv[1], region_name="eu-west-1")
pool = cognito.create_user_pool(PoolName="demo")["UserPool"]["Id"]
client = cognito.create_user_pool_client(
    UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
)["UserPoolClient"]["ClientId"]
cognito.admin_create_user(UserPoolId=pool, Username="mary", TemporaryPassword="Temporary-1!")
cognito.admin_set_user_password(UserPoolId=pool, Username="mary", Password="Testing-1!", Permanent=True)
for group in ("AWS-SA", "Customer"):
    cognito.create_group(UserPoolId=pool, GroupName=group)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="mary", GroupName=group)
tokens = cognito.admin_initiate_auth(
    UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
    AuthParameters={"USERNAME": "mary", "PASSWORD": "Testing-1!"},
)["AuthenticationResult"]
print(json.dumps({"pool": pool, "client": client, "id": tokens["IdToken"], "access": tokens["AccessToken"]}))
