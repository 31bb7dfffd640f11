"""mint.py FOLDER mints tokens with PyJWT and reads others with it, as FOLDER/input.json
asks. It prints one JSON object a line: a key {alg, kind: "Key", kid, jwk}, a token
{alg, kind, token}, or what PyJWT says of a token {alg, kind, said}."""

import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import HMACAlgorithm, get_default_algorithms
from jwt.utils import base64url_decode, base64url_encode

folder = pathlib.Path(sys.argv[1])
given = json.loads((folder / "input.json").read_text())
now = datetime.now(timezone.utc)


def show(alg, kind, **row):
    print(json.dumps({"alg": alg, "kind": kind} | row))


def private_key(whose, alg):
    if alg.startswith("HS"):
        return HMACAlgorithm.from_jwk((folder / whose / f"{alg}.jwk").read_text())
    return load_pem_private_key((folder / whose / f"{alg}.pem").read_bytes(), None)


def exported(alg):
    key = private_key("own", alg)
    public = key if alg.startswith("HS") else key.public_key()
    return get_default_algorithms()[alg].to_jwk(public, as_dict=True) | {"kid": alg, "alg": alg, "use": "sig"}


def claims(start):
    return {
        "iss": given["issuer"],
        "aud": given["audience"],
        "user": given["user"],
        "groups": given["groups"],
        "iat": start,
        "nbf": start,
        "exp": start + timedelta(hours=1),
    }


def signed(alg, key, start):
    return jwt.encode(claims(start), key, algorithm=alg, headers={"kid": alg})


def tampered(token):
    header, body, signature = token.split(".")
    said = json.loads(base64url_decode(body))
    said["groups"].append("Other")
    return ".".join([header, base64url_encode(json.dumps(said).encode()).decode(), signature])


def mint(alg):
    own = private_key("own", alg)
    good = signed(alg, own, now)
    show(alg, "Key", kid=alg, jwk=exported(alg))
    for kind, token in {
        "Token": good,
        "Expired": signed(alg, own, now - timedelta(minutes=90)),
        "NotYetValid": signed(alg, own, now + timedelta(minutes=30)),
        "Tampered": tampered(good),
        "WrongKey": signed(alg, private_key("other", alg), now),
        "Unsigned": jwt.encode(claims(now), None, algorithm="none", headers={"kid": alg}),
    }.items():
        show(alg, kind, token=token)


def said(alg, token):
    try:
        keys = given["read"]["shared" if alg.startswith("HS") else "published"]
        key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
        found = jwt.decode(token, key, algorithms=[alg], issuer=given["read"]["issuer"], audience=given["read"]["audience"])
        return f"{found['user']} of {','.join(found['groups'])}"
    except (jwt.PyJWTError, KeyError) as e:
        return type(e).__name__


for alg in given["algorithms"]:
    mint(alg)
for row in given["read"]["tokens"]:
    show(row["alg"], row["kind"], said=said(row["alg"], row["token"]))
