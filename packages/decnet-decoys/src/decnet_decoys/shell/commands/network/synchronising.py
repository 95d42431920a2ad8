# SPDX-License-Identifier: MIT
"""rsync: within the machine it copies; what was wanted of another host is recorded, and that is not reached."""

import posixpath
import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import host_of, is_address
from decnet_decoys.shell.commands.network.failures import ssh_failure
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND
from decnet_decoys.shell.programs import command

_VERSION = "rsync  version 3.2.7  protocol version 31\n"
_NO_NAME = "Temporary failure in name resolution"


@command("rsync")
def rsync(call: Call) -> Effects:
    """Copy, or fail as on a network without a way out."""
    if {"--help", "-h", "--version", "-V"} & set(call.args):
        call.print(_VERSION, end="")
        return 0
    options, operands = call.flags("eBTMf@")
    if not operands:
        return call.fail("syntax or usage error (code 1)", 1)
    remote = next((one for one in operands if ":" in one), None)
    if remote is None:
        return (yield from _copied(call, operands)) if len(operands) > 1 else 0
    yield Requested("fetch", {"program": call.name, "url": " ".join(operands)[:2048]})
    host = host_of(remote if "://" in remote else remote.rpartition("@")[2])
    yield Pause(0.1 if host.startswith("127.") else 1.2)
    role = "Receiver" if remote != operands[-1] else "sender"
    if "::" in remote or remote.startswith("rsync://"):
        lost = f"rsync: [{role}] failed to connect to {host} ({host}): Connection refused (111)"
        call.print_error(lost if is_address(host) else f"rsync: getaddrinfo: {host} 873: {_NO_NAME}")
        call.print_error(f"rsync error: error in socket IO (code 10) at clientserver.c(141) [{role}=3.2.7]")
        return 10
    port = re.search(r"-p\s*(\d{1,5})", options.get("e", ""))
    call.print_error(ssh_failure(host, port[1] if port else "22"))
    call.print_error(f"rsync: connection unexpectedly closed (0 bytes received so far) [{role}]")
    why, status = ("error in rsync protocol data stream", 12) if is_address(host) else ("unexplained error", 255)
    call.print_error(f"rsync error: {why} (code {status}) at io.c(232) [{role}=3.2.7]")
    return status


def _copied(call: Call, targets: list[str]) -> Effects:
    """Copy within the machine, as rsync does without a host."""
    files, access = call.shell.files, call.shell.access
    missing = [one for one in targets[:-1][:100] if not files.exists(one, access)]
    for one in missing:
        path = posixpath.normpath(posixpath.join(call.shell.cwd, one))
        call.print_error(f'rsync: [sender] link_stat "{path}" failed: {NOT_FOUND} (2)')
    found = [one for one in targets[:-1] if one not in missing]
    if found:
        if targets[-1].endswith("/"):
            yield from call.runner.execute(["mkdir", "-p", "--", targets[-1]], call.streams)
        yield from call.runner.execute(["cp", "-r", "--", *found, targets[-1]], call.streams)
    if missing:
        why = "some files/attrs were not transferred (see previous errors) (code 23) at main.c(1347) [sender=3.2.7]"
        call.print_error(f"rsync error: {why}")
    return 23 if missing else 0
