# SPDX-License-Identifier: MIT
"""An Azure-style storage connection string with an endpoint of one's own."""

import base64
import hashlib

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    secret = base64.b64encode(hashlib.sha512(token.key + token.slug.encode()).digest()).decode()
    text = (
        f"AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol={token.url.partition(':')[0]};"
        f"AccountName=backup;AccountKey={secret};BlobEndpoint={token.url}/backup;\n"
    )
    return text_file("azure.env", text)


KIND = Kind(
    SlugKind.API,
    _make,
    trips="a client of the storage service that uses the connection string",
    reveals="the address, the client with its version, and the container asked for",
    path="~/.azure/azure.env",
    mode=0o600,
)
