# SPDX-License-Identifier: MIT
"""A Google-style service account whose tokens are asked of the canary."""

import json

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_PROJECT = "production-backup"


def _make(token: Token) -> Bait:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    document = {
        "type": "service_account",
        "project_id": _PROJECT,
        "private_key_id": token.slug,
        "private_key": pem,
        "client_email": f"backup@{_PROJECT}.iam.gserviceaccount.com",
        "client_id": str(int.from_bytes(token.slug.encode()[:8], "big")),
        "auth_uri": f"{token.url}/auth",
        "token_uri": f"{token.url}/token",
    }
    name = "service-account.json"
    text = json.dumps(document, indent=2) + "\n"
    return text_file(name, text, media_type="application/json")


KIND = Kind(
    SlugKind.API,
    _make,
    trips="a client library that asks for an access token with the key",
    reveals="the address, the library and the time",
    path="~/service-account.json",
    mode=0o600,
)
