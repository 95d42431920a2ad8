# SPDX-License-Identifier: MIT
"""The configuration of a container client that is logged in to a registry."""

import base64
import json

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    login = base64.b64encode(f"ci:{token.slug}".encode()).decode()
    text = json.dumps({"auths": {token.host: {"auth": login}}}, indent="\t") + "\n"
    return text_file("config.json", text, media_type="application/json")


KIND = Kind(
    SlugKind.API,
    _make,
    trips="a login, pull or push at the registry: its name is resolved, and asked by HTTPS or HTTP where that is "
    "received at its standard port",
    reveals="the address, or that of the resolver, and the client's version",
    path="~/.docker/config.json",
    mode=0o600,
)
