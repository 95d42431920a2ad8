# SPDX-License-Identifier: MIT
"""AWS-style configuration: access keys with an endpoint of one's own, as private clouds have."""

import base64
import hashlib

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_FILE = """[default]
aws_access_key_id = {access}
aws_secret_access_key = {secret}
region = us-east-1
endpoint_url = {url}
"""


def _make(token: Token) -> Bait:
    digest = hashlib.sha512(token.key + token.slug.encode()).digest()
    access = "AKIA" + base64.b32encode(digest[:10]).decode()
    secret = base64.b64encode(digest[10:40]).decode()
    return text_file("config", _FILE.format(access=access, secret=secret, url=token.url))


KIND = Kind(
    SlugKind.API,
    _make,
    trips="any command of the AWS client or an SDK that reads the file; the keys alone trip nothing, for Amazon does "
    "not tell us of their use",
    reveals="the address, the client with its version, and the call, e.g. GetCallerIdentity",
    path="~/.aws/config",
    mode=0o600,
)
