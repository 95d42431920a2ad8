# SPDX-License-Identifier: MIT
"""Whether an address is this host's own: the kernel knows, and nothing is sent to find out."""

import socket

from decnet_core.net.addresses import Address


def is_this_host(address: Address) -> bool:
    """Return whether `address` belongs to this host, or is a broadcast address of its networks."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((str(address), 9))
            return bool(route.getsockname()[0] == str(address))
    except PermissionError:
        return True  # a broadcast address
    except OSError:
        return False  # there is no way to it
