# SPDX-License-Identifier: MIT
"""Whether an address is this host's own: the kernel knows, and nothing is sent to ask it."""

from __future__ import annotations

import socket

from decnet_core.net.addresses import Address


def is_this_host(address: Address) -> bool:
    """Tell whether `address` is one of this host, or of a network that it only broadcasts to."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((str(address), 9))
            return bool(route.getsockname()[0] == str(address))
    except PermissionError:
        return True  # a broadcast address
    except OSError:
        return False  # there is no way to it
