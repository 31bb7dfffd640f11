"""verify.py FILE verifies the tokens of FILE, {jwks, tokens}, with PyJWT, and prints
the user of each, or the error."""

import json
import pathlib
import sys

import jwt

given = json.loads(pathlib.Path(sys.argv[1]).read_text())
keys = jwt.PyJWKSet.from_dict(given["jwks"])


def said(token):
    try:
        header = jwt.get_unverified_header(token)
        key = keys[header["kid"]]
        return jwt.decode(token, key, algorithms=[key.algorithm_name])["user"]
    except (jwt.PyJWTError, KeyError) as e:
        return type(e).__name__


print(json.dumps([said(token) for token in given["tokens"]]))
