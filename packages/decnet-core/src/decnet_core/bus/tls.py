# SPDX-License-Identifier: MIT
"""TLS towards a NATS cluster; `ssl` is loaded when the first such connection is made, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import ClientOptions

if TYPE_CHECKING:
    import ssl


def client_context(options: ClientOptions) -> ssl.SSLContext:
    """Return a context that verifies the server's name and chain; BusError says which setting is wrong."""
    import ssl

    try:
        context = ssl.create_default_context(cafile=options.tls_ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if options.tls_certificate_file:
            context.load_cert_chain(options.tls_certificate_file, options.tls_key_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise BusError(f"[bus] the files named by tls_... cannot be used: {error}") from error
    return context
