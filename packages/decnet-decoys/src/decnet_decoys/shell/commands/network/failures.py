# SPDX-License-Identifier: MIT
"""What clients of other hosts say when they do not reach them."""

from decnet_decoys.shell.commands.network.downloads import is_address


def ssh_failure(host: str, port: str) -> str:
    """Return what ssh says of a host that it does not reach."""
    if not is_address(host) and host != "localhost":
        return f"ssh: Could not resolve hostname {host}: Temporary failure in name resolution\r"
    how = "refused" if host.startswith("127.") or host == "localhost" else "timed out"
    return f"ssh: connect to host {host} port {port}: Connection {how}\r"
