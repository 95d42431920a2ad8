# SPDX-License-Identifier: MIT
"""The configuration of kubectl for a cluster whose API is the canary, with a client certificate of its own."""

import base64
from pathlib import Path

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet.cli.errors import RefusedError
from decnet_core.canary import SlugKind

_FILE = """apiVersion: v1
kind: Config
clusters:
- name: production
  cluster:
    server: {url}
    insecure-skip-tls-verify: true
contexts:
- name: production
  context:
    cluster: production
    user: cluster-admin
current-context: production
users:
- name: cluster-admin
  user:
{user}
"""


def _make(token: Token) -> Bait:
    user = _certificate(token) if token.authority else f"    token: {token.slug}"
    return text_file("config", _FILE.format(url=token.url, user=user))


def _certificate(token: Token) -> str:
    from decnet.canary.certificates import AuthorityError, client_certificate

    try:
        certificate, key = client_certificate(Path(token.authority), token.slug)
    except AuthorityError as error:
        raise RefusedError(str(error)) from error
    fields = {"client-certificate-data": certificate, "client-key-data": key}
    return "\n".join(f"    {name}: {base64.b64encode(value).decode()}" for name, value in fields.items())


KIND = Kind(
    SlugKind.API,
    _make,
    trips="any kubectl command with the file; with [canary] client_authority also any request over TLS with its "
    "certificate, whatever is asked for",
    reveals="the address, kubectl's version and platform, and the command's request",
    path="~/.kube/config",
    mode=0o600,
)
