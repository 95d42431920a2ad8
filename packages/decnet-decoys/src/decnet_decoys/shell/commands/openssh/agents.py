# SPDX-License-Identifier: MIT
"""ssh-add, ssh-agent, ssh-keyscan and ssh-copy-id: no agent runs, and no other host answers (ssh-add(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.programs import command


@command("ssh-add", families=("debian",))
def ssh_add(call: Call) -> int:
    """Fail to find an agent."""
    call.print_error("Could not open a connection to your authentication agent.")
    return 2


@command("ssh-agent", families=("debian",))
def ssh_agent(call: Call) -> int:
    """Tell how an agent is reached, or that there is none to end."""
    if "-k" in call.args:
        call.print_error("SSH_AGENT_PID not set, cannot kill agent")
        return 1
    pid = call.shell.pid + 9
    path = f"/tmp/ssh-{pid:012x}/agent.{pid - 1}"  # noqa: S108  # the decoy's
    call.print(f"SSH_AUTH_SOCK={path}; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={pid}; export SSH_AGENT_PID;\n"
               f"echo Agent pid {pid};")  # fmt: skip
    return 0


@command("ssh-keyscan", families=("debian",))
def ssh_keyscan(call: Call) -> Effects:
    """Record which hosts are asked for their keys; none answers."""
    _, hosts = call.flags("fpTt")
    if not hosts:
        call.print_error("usage: ssh-keyscan [-46cDHv] [-f file] [-p port] [-T timeout] [-t type]\n"
                         "\t\t   [host | addrlist namelist]")  # fmt: skip
        return 1
    for host in hosts[:8]:
        yield Requested("connect", {"program": call.name, "target": host[:253]})
        yield Pause(0.1 if host.startswith("127.") else 2.0)
    return 1


_COPY_USAGE = """\
Usage: /usr/bin/ssh-copy-id [-h|-?|-f|-n|-s] [-i [identity_file]] [-p port] [-F alternative ssh_config file] \
[[-o <ssh -o options>] ...] [user@]hostname
"""


@command("ssh-copy-id", families=("debian",))
def ssh_copy_id(call: Call) -> int:
    """Look for a key to copy."""
    _, operands = call.flags("ipoF")
    if not operands:
        call.print(_COPY_USAGE, end="")
        return 1
    call.print_error("\n/usr/bin/ssh-copy-id: ERROR: No identities found\n")
    return 1
