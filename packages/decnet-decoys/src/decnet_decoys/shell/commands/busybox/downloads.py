# SPDX-License-Identifier: MIT
"""BusyBox's wget: nothing is sent, the wish is recorded."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import host_of, is_address, port_of
from decnet_decoys.shell.effects import Effects, Pause, Requested


def wget(call: Call) -> Effects:
    """Fail to reach a server as on a network without a way out."""
    found, operands = call.flags("OoPTtUY")
    for target in operands[:1]:
        yield Requested("fetch", {"program": "wget", "url": target[:2048]})
        host = host_of(target)
        yield Pause(0.1 if host.startswith("127.") else 1.2)
        if not is_address(host) and host != "localhost":
            return call.fail(f"bad address '{host}'")
        address = "127.0.0.1" if host == "localhost" else host
        port = port_of(target)
        if "q" not in found:
            call.print_error(f"Connecting to {host}{f':{port}' if port != 80 else ''} ({address}:{port})")
        return call.fail(f"can't connect to remote host ({address}): Connection refused")
    return call.fail("missing URL")
