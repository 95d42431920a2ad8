# SPDX-License-Identifier: MIT
"""Builds a decky's machine from its persona, as an installer would: directories, programs, accounts, configuration.

Done once per decky; all its sessions share the tree, and a session keeps only what it changed.
"""

import posixpath

from decnet_decoys.personas.schema import Persona, Process
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.condition import Condition
from decnet_decoys.shell.machine.distribution import accounts, files, groups
from decnet_decoys.shell.machine.files import installed_files
from decnet_decoys.shell.machine.files.account_files import own_field
from decnet_decoys.shell.machine.files.home_files import (
    BASH_LOGOUT,
    BASHRC,
    BASHRC_OF_ROOT,
    PROFILE,
    PROFILE_OF_ROOT,
)
from decnet_decoys.shell.machine.files.login_records import since_boot
from decnet_decoys.shell.machine.files.program_files import program_file
from decnet_decoys.shell.machine.files.unit_files import enabling_links
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.procfs import proc
from decnet_decoys.shell.machine.shown_network import ShownNetwork
from decnet_decoys.shell.machine.tree import Entry, Tree
from decnet_decoys.shell.programs import programs

_INSTALLED_DAYS = 240
"""How long before its boot the machine was set up: the age of most files."""

_DIRECTORIES = """
    /boot /dev /etc/cron.d /etc/cron.daily /etc/ssh /home /lib /media /mnt /opt /proc /run/lock /srv /sys /usr/lib
    /usr/local/bin /usr/share /var/cache /var/lib /var/log /var/run /var/spool/cron/crontabs /var/www
"""
_DEBIAN_DIRECTORIES = (
    "/usr/lib64 /lost+found /var/log/apt /var/log/journal /var/backups /etc/apt /etc/init.d /dev/pts /run/user/0"
)


def build(persona: Persona, hostname: str, network: ShownNetwork, booted: int) -> Machine:
    """Return the machine of a decky; `booted` is Unix time in seconds."""
    tree, address = Tree(), str(network.interface.ip)
    machine = Machine(
        persona, hostname, address, booted, tree, accounts(persona), groups(persona), network, {}, Condition()
    )
    machine.secrets.update({own_field(machine, user): user.passwords[0] for user in machine.users if user.passwords})
    old = booted - _INSTALLED_DAYS * 86400
    for path in ("/", *_DIRECTORIES.split()):
        mode = 0o555 if path in ("/proc", "/sys") else 0o755
        tree.put(path, Entry("dir", mode, mtime=old))
    for path in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  # the decoy's, not ours
        tree.put(path, Entry("dir", 0o1777, mtime=booted))
    if persona.family == "debian":
        _put_boot(machine, old)
    for name, numbers in installed_files.DEVICES.items():
        mode = 0o600 if name == "console" else 0o666
        tree.put(f"/dev/{name}", Entry("device", mode, mtime=booted, target=numbers))
    _put_programs(machine, old)
    if persona.family == "debian":
        _put_installed(machine, old)
    _put_accounts(machine, old)
    for path, text in (proc(persona, hostname) | _etc(machine)).items():
        mode = 0o444 if path.startswith("/proc") else 0o644
        tree.put(path, Entry("file", mode, mtime=booted, content=encode(text)))
    _protect_shadow(machine)
    for path, text in files(persona, old).items():
        tree.put(path, Entry("file", 0o644, mtime=old, content=encode(text)))
    for path, text in persona.files.items():
        _put_own(machine, path, text, old)
    if persona.family == "debian":
        _put_login_records(machine)
        _put_modes(machine)
    return machine


def _put_boot(machine: Machine, old: int) -> None:
    tree, persona = machine.tree, machine.persona
    for path in (*_DEBIAN_DIRECTORIES.split(), *(disk.mount for disk in persona.hardware.disks if disk.mount != "/")):
        tree.put(path, Entry("dir", 0o700 if path in ("/lost+found", "/run/user/0") else 0o755, mtime=old))
    tree.put("/lib64", Entry("link", 0o777, mtime=old, target="usr/lib64"))
    for name in ("vmlinuz", "initrd.img", "System.map", "config"):
        tree.put(f"/boot/{name}-{persona.kernel}", program_file(persona, name, old, 8_000_000 + 97 * len(name)))


def _put_installed(machine: Machine, old: int) -> None:
    """Put what every Debian has, and links for what changes by itself."""
    tree, persona, booted = machine.tree, machine.persona, machine.booted
    made, installed = (Entry("dir", 0o755, mtime=when) for when in (booted, old))
    for path in installed_files.DIRECTORIES.split():
        tree.put(_real(path), made if path.startswith(("/run", "/sys", "/proc")) else installed)
    for path, text in installed_files.etc(persona, machine.given_name).items():
        mode = 0o440 if path.startswith("/etc/sudoers") else 0o755 if text.startswith("#!") else 0o644
        tree.put(_real(path), Entry("file", mode, mtime=old, content=encode(text)))
    for path, text in installed_files.kernel(persona).items():
        mode = 0o644 if path.startswith("/proc/sys") else 0o444
        tree.put(path, Entry("file", mode, mtime=booted, content=encode(text)))
    _put_links_of_processes(tree, persona, booted)
    for path, size in installed_files.LIBRARIES.items():
        tree.put(
            _real(path).format(machine=persona.machine), program_file(persona, path, old, size)._replace(mode=0o644)
        )
    for path, name in installed_files.LINKED.items():
        tree.put(path, tree.entries[name])
    for path, target in (installed_files.LINKS | enabling_links(persona)).items():
        if path != "/proc/net":
            tree.put(_real(path), Entry("link", 0o777, mtime=old, target=target))
    _put_set_ids(machine, old)


def _put_set_ids(machine: Machine, old: int) -> None:
    """Put the programs that run as their owner or group."""
    tree, persona = machine.tree, machine.persona
    for name in installed_files.SET_USER_ID.split():
        program = tree.entries.get(f"/usr/bin/{name}") or program_file(persona, name, old, 68_000 + 131 * len(name))
        tree.put(f"/usr/bin/{name}", program._replace(mode=0o4755))
    for path, (mode, group) in installed_files.SET_USER_ID_ELSEWHERE.items():
        if not (group and group not in machine.groups):
            program = program_file(persona, posixpath.basename(path), old, 51_000 + 131 * len(path))
            tree.put(path, program._replace(mode=mode, gid=machine.groups.get(group, 0)))
    for path, group in installed_files.SET_GROUP_ID.items():
        name = posixpath.basename(path)
        program = tree.entries.get(path) or program_file(persona, name, old, 31_000 + 131 * len(name))
        tree.put(path, program._replace(mode=0o2755, gid=machine.groups.get(group, 0)))


def _put_links_of_processes(tree: Tree, persona: Persona, booted: int) -> None:
    """Put the links in /proc: of the persona's processes and of the one that looks."""
    for process in persona.processes:
        _put_process(tree, process, booted)
    for name in ("exe", "cwd"):
        tree.put(f"/proc/self/{name}", Entry("link", 0o777, mtime=booted, target="/"))
    for number, target in enumerate((*["pipe:[28417]"] * 3, "/proc/28417/fd")):  # whoever lists them has that open
        tree.put(f"/proc/self/fd/{number}", Entry("link", 0o700, mtime=booted, target=target))
    tree.put("/proc/self/net", Entry("link", 0o777, mtime=booted, target="/proc/net"))


def _put_process(tree: Tree, process: Process, booted: int) -> None:
    """Put the links of /proc/PID, of which a thread of the kernel has no program."""
    program = process.command.split(" ")[0].rstrip(":")
    if process.command == "/sbin/init":
        program = "/usr/lib/systemd/systemd"
    elif not program.startswith("/"):
        program = f"/usr/sbin/{program}"
    program = "" if process.command.startswith("[") else _real(program)
    for name, target in (("cwd", "/"), ("root", "/"), *([("exe", program)] if program else [])):
        tree.put(f"/proc/{process.pid}/{name}", Entry("link", 0o777, mtime=booted, target=target))


def _real(path: str) -> str:
    """Return a path without the links of a merged /usr and of /var."""
    for name in ("bin", "sbin", "lib"):
        if path.startswith(f"/{name}/"):
            return f"/usr{path}"
    return path


def _put_login_records(machine: Machine) -> None:
    records = since_boot(machine.persona.kernel, machine.booted)
    machine.tree.put("/var/log/wtmp", Entry("file", 0o644, mtime=machine.booted, content=records))


def _put_modes(machine: Machine) -> None:
    tree = machine.tree
    for path, (mode, group) in installed_files.MODES.items():
        entry = tree.entries.get(path)
        if entry is not None:
            tree.put(path, entry._replace(mode=mode, gid=machine.groups.get(group, 0)))


def _protect_shadow(machine: Machine) -> None:
    tree, group = machine.tree, machine.groups.get("shadow", 0)
    entry = tree.entries["/etc/shadow"]
    tree.put("/etc/shadow", entry._replace(mode=0o640 if group else 0o600, gid=group))
    if machine.persona.family == "debian":
        tree.put("/etc/gshadow", entry._replace(mode=0o640, gid=group, content=encode(_gshadow(machine))))
        for name in ("passwd", "group", "shadow", "gshadow"):
            tree.put(f"/etc/{name}-", tree.entries[f"/etc/{name}"])


def _put_programs(machine: Machine, old: int) -> None:
    tree, persona = machine.tree, machine.persona
    if persona.family == "debian":
        for name in ("bin", "sbin", "lib"):
            tree.put(f"/usr/{name}", Entry("dir", 0o755, mtime=old))
            tree.put(f"/{name}", Entry("link", 0o777, mtime=old, target=f"usr/{name}"))
    else:
        tree.put("/bin/busybox", program_file(persona, "busybox", old, 928_312))
    for name, program in programs().items():
        if not program.folder or persona.family not in program.families:
            continue
        if persona.family == "busybox" and name == "busybox":
            continue
        if persona.family == "busybox":
            tree.put(f"/bin/{name}", Entry("link", 0o777, mtime=old, target="busybox"))
        else:
            size = 26_000 + sum(name.encode()) * 163
            tree.put(f"{program.folder}/{name}", program_file(persona, name, old, size))


def _put_accounts(machine: Machine, old: int) -> None:
    tree = machine.tree
    for user in machine.persona.users:
        if user.home in ("/nonexistent", "/var", "/var/www"):
            continue
        private = 0o700 if user.uid == 0 or machine.persona.family == "busybox" else 0o755
        tree.put(user.home, Entry("dir", private, user.uid, user.gid, machine.booted))
        if machine.persona.family == "debian":
            own = [PROFILE_OF_ROOT, BASHRC_OF_ROOT] if user.uid == 0 else [PROFILE, BASHRC, BASH_LOGOUT]
            for name, text in zip((".profile", ".bashrc", ".bash_logout"), own, strict=False):
                tree.put(f"{user.home}/{name}", Entry("file", 0o644, user.uid, user.gid, old, text))
    history = "".join(line + "\n" for line in machine.persona.history)
    if history:
        tree.put("/root/.bash_history", Entry("file", 0o600, mtime=machine.booted, content=encode(history)))


def _put_own(machine: Machine, path: str, text: str, old: int) -> None:
    owner = next((user for user in machine.persona.users if path.startswith(user.home + "/")), None)
    uid, gid = (owner.uid, owner.gid) if owner else (0, 0)
    mode = 0o755 if text.startswith("#!") else 0o600 if uid == 0 and path.startswith("/root/") else 0o644
    machine.tree.put(path, Entry("file", mode, uid, gid, old, encode(machine.expand(text))))


def _gshadow(machine: Machine) -> str:
    """Return /etc/gshadow (gshadow(5)): no group has a password, those of people have been locked."""
    people = {user.name for user in machine.users if user.uid >= 1000 and user.name != "nobody"}
    members = {name: ",".join(user.name for user in machine.users if name in user.groups) for name in machine.groups}
    return "".join(f"{name}:{'!' if name in people else '*'}::{members[name]}\n" for name in machine.groups)


def _etc(machine: Machine) -> dict[str, str]:
    users = machine.users
    shadow = "".join(f"{user.name}:{own_field(machine, user)}:19512:0:99999:7:::\n" for user in users)
    members = {name: ",".join(user.name for user in users if name in user.groups) for name in machine.groups}
    return {
        "/etc/hostname": f"{machine.given_name}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{machine.address}\t{machine.given_name}\n::1\tlocalhost ip6-localhost\n",
        "/etc/resolv.conf": "nameserver 10.20.0.2\nsearch internal\n",
        "/etc/passwd": "".join(f"{u.name}:x:{u.uid}:{u.gid}:{u.gecos}:{u.home}:{u.shell}\n" for u in users),
        "/etc/group": "".join(f"{name}:x:{gid}:{members[name]}\n" for name, gid in machine.groups.items()),
        "/etc/shadow": shadow,
        "/etc/fstab": "".join(
            f"{disk.device}\t{disk.mount}\t{disk.type}\tdefaults\t0 1\n" for disk in machine.persona.hardware.disks
        ),
        **({} if machine.persona.family == "debian" else {"/etc/shells": "/bin/ash\n/bin/sh\n"}),
    }
