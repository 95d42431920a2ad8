# SPDX-License-Identifier: MIT
"""Commands about what a process may do: capsh, getpcaps (capabilities(7)), runuser."""

from string import hexdigits

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command

_NAMES = """
chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
"""
CAPABILITIES = tuple(f"cap_{name}" for name in _NAMES.split())
"""In the order of their numbers (linux/capability.h)."""
_SECURE = """\
Securebits: 00/0x0/1'b0 (no-new-privs=0)
 secure-noroot: no (unlocked)
 secure-no-suid-fixup: no (unlocked)
 secure-keep-caps: no (unlocked)
 secure-no-ambient-raise: no (unlocked)"""
MAX_NAMES = 100


@command("capsh", folder="/usr/sbin", families=("debian",))
def capsh(call: Call) -> Effects:
    """Show the capabilities of this process, or those that a mask stands for."""
    for arg in call.args[:MAX_NAMES]:
        yield from turn()
        if arg == "--print":
            _show(call)
        elif arg.startswith("--decode="):
            text = arg.partition("=")[2]
            digits = text.replace("x", "")
            if not digits or len(text) > 18 or not set(digits) <= set(hexdigits):
                return call.fail(f"failed to decode [{text[:64]}]")
            mask = int(digits, 16)
            call.print(f"0x{mask:016x}=" + ",".join(_named(mask)))
        elif not arg.startswith("--"):
            call.print_error("usage: capsh [args ...]")
            return 1
    return 0


def _named(mask: int) -> list[str]:
    return [
        CAPABILITIES[bit] if bit < len(CAPABILITIES) else str(bit)
        for bit in range(mask.bit_length())
        if mask >> bit & 1
    ]


def _show(call: Call) -> None:
    shell = call.shell
    uid, groups = shell.identity.uid, shell.groups_of(shell.user)
    call.print(f"Current: ={'ep' if uid == 0 else ''}")
    call.print(f"Bounding set ={','.join(CAPABILITIES)}\nAmbient set =\nCurrent IAB: \n{_SECURE}")
    call.print(
        f"uid={uid}({shell.user.name}) euid={uid}({shell.user.name})\ngid={shell.user.gid}({next(iter(groups))})"
    )
    call.print("groups=" + ",".join(f"{number}({name})" for name, number in groups.items()))
    call.print(f"Guessed mode: {'HYBRID (4)' if uid else 'UNCERTAIN (0)'}")


@command("getpcaps", folder="/usr/sbin", families=("debian",))
def getpcaps(call: Call) -> Effects:
    """Show the capabilities of processes; root's have all."""
    for word in call.words[:MAX_NAMES]:
        yield from turn()
        call.print(f"{word}: ={'ep' if call.shell.identity.uid == 0 else ''}")
    return 0


@command("runuser", folder="/usr/sbin", families=("debian",))
def runuser(call: Call) -> Effects:
    """Run a command, or a shell's line, as somebody, without a password: for root only."""
    shell = call.shell
    found = options(call, "u:c:s:g:G:lmpf", {"user": "u:", "command": "c:", "login": "l"}, permute=False)
    operands = found.operands
    if shell.identity.uid != 0:
        return call.fail("may not be used by non-root users")
    name = found.last("u") or next((one for one in operands if one != "-"), "root")
    user = shell.account(name)
    if user is None:
        return call.fail(f"user {name[:64]} does not exist or the user entry does not contain all the required fields")
    if "u" in found and not operands:
        return call.fail("no command was specified")
    line = found.last("c")
    if not line and "u" not in found and "-c" in operands[1:-1]:  # `runuser - name -c line`
        line = operands[operands.index("-c") + 1]
    with shell.forked():
        cwd = shell.cwd
        shell.become(user)
        if "l" not in found and "-" not in operands:
            shell.cwd = cwd
        if "u" in found:
            return (yield from started(call, operands))
        if line:
            return (yield from call.runner.subshell(line, ["sh"], call.streams))
    return 0
