# SPDX-License-Identifier: MIT
"""What a distribution brings before anybody installs anything: accounts, groups, virtual file systems."""

import time

from decnet_decoys.personas.schema import Hardware, Persona, User
from decnet_decoys.shell.machine.files import configuration_files

_NOLOGIN = "/usr/sbin/nologin"
_COMMON = """
daemon 1 1 daemon /usr/sbin
bin 2 2 bin /bin
sys 3 3 sys /dev
sync 4 65534 sync /bin /bin/sync
games 5 60 games /usr/games
man 6 12 man /var/cache/man
lp 7 7 lp /var/spool/lpd
mail 8 8 mail /var/mail
news 9 9 news /var/spool/news
uucp 10 10 uucp /var/spool/uucp
proxy 13 13 proxy /bin
www-data 33 33 www-data /var/www
backup 34 34 backup /var/backups
list 38 38 Mailing_List_Manager /var/list
irc 39 39 ircd /run/ircd
"""
_DEBIAN = """
_apt 42 65534 - /nonexistent
nobody 65534 65534 nobody /nonexistent
systemd-network 998 998 systemd_Network_Management /
systemd-timesync 997 997 systemd_Time_Synchronization /
messagebus 100 107 - /nonexistent
sshd 101 65534 - /run/sshd
"""
_UBUNTU = """
gnats 41 41 Gnats_Bug-Reporting_System_(admin) /var/lib/gnats
nobody 65534 65534 nobody /nonexistent
systemd-network 100 102 systemd_Network_Management,,, /run/systemd
systemd-resolve 101 103 systemd_Resolver,,, /run/systemd
messagebus 102 105 - /nonexistent
systemd-timesync 103 106 systemd_Time_Synchronization,,, /run/systemd
syslog 104 111 - /home/syslog
_apt 105 65534 - /nonexistent
sshd 109 65534 - /run/sshd
"""
_GROUPS = {
    "root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "mail": 8, "news": 9,
    "uucp": 10, "man": 12, "proxy": 13, "kmem": 15, "dialout": 20, "fax": 21, "voice": 22, "cdrom": 24, "floppy": 25,
    "tape": 26, "sudo": 27, "audio": 29, "dip": 30, "www-data": 33, "backup": 34, "operator": 37, "list": 38,
    "irc": 39, "src": 40, "shadow": 42, "utmp": 43, "video": 44, "sasl": 45, "plugdev": 46, "staff": 50, "games": 60,
    "users": 100, "nogroup": 65534, "crontab": 101, "_ssh": 103,
    "ssl-cert": 113,
}  # fmt: skip
_FIRST_OTHER_GROUP = 120
_COREUTILS = """
    arch base32 base64 basename cat chgrp chmod chown cp cut date dd df dirname du echo env expr false groups head
    hostid id ln logname ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc od paste printenv printf pwd readlink
    b2sum chroot cksum comm dir expand expr factor fold install join link mkfifo mknod numfmt pathchk readlink
    realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty
    sum sync tac tail tee test timeout touch tr true truncate tty uname unexpand uniq unlink users vdir wc
    who whoami yes
"""
_NAMED_AS_CALLED = frozenset(
    (*_COREUTILS.split(), "grep", "egrep", "fgrep", "sed", "tar", "find", "xargs", "diff", "cmp")
)
_BUILTIN = frozenset(("echo", "printf", "pwd", "test", "true", "false"))


def called_as(name: str, path: str) -> str:
    """Return how a program that was run by `path` names itself: many of GNU's by the path (error(3))."""
    return path if "/" in path and name in _NAMED_AS_CALLED else name


_UTIL_LINUX = (
    "lsblk mount umount dmesg fdisk findmnt blkid lscpu nsenter unshare flock script rev column hexdump whereis"
)


def version_of(persona: Persona, name: str) -> str | None:
    """Return the first line of `NAME --version` for what a distribution brings, None for others and for builtins."""
    if persona.family != "debian" or name in _BUILTIN:
        return None
    ubuntu = "Ubuntu" in persona.os
    if name in _COREUTILS.split():
        return f"{name} (GNU coreutils) {'8.32' if ubuntu else '9.1'}"
    return {
        "grep": f"grep (GNU grep) {'3.7' if ubuntu else '3.8'}",
        "sed": f"sed (GNU sed) {'4.8' if ubuntu else '4.9'}",
        "tar": "tar (GNU tar) 1.34",
        "find": f"find (GNU findutils) {'4.8.0' if ubuntu else '4.9.0'}",
        "xargs": f"xargs (GNU findutils) {'4.8.0' if ubuntu else '4.9.0'}",
        "wget": f"GNU Wget {'1.21.2' if ubuntu else '1.21.3'} built on linux-gnu.",
        "curl": f"curl {'7.81.0' if ubuntu else '7.88.1'} (x86_64-pc-linux-gnu) libcurl",
        **dict.fromkeys(_UTIL_LINUX.split(), f"{name} from util-linux {'2.37.2' if ubuntu else '2.38.1'}"),
        "gzip": f"gzip {'1.10' if ubuntu else '1.12'}",
    }.get(name)


def accounts(persona: Persona) -> tuple[User, ...]:
    """Return all accounts in the order of /etc/passwd; the persona's own are meant where both have one of a name."""
    if persona.family != "debian":
        return persona.users
    own = {user.name for user in persona.users}
    base = [_account(line) for line in (_COMMON + (_UBUNTU if "Ubuntu" in persona.os else _DEBIAN)).split("\n") if line]
    root = [user for user in persona.users if user.uid == 0]
    others = [user for user in persona.users if user.uid != 0]
    return (*root, *(user for user in base if user.name not in own), *others)


def _account(line: str) -> User:
    name, uid, gid, gecos, home, *shell = line.split(" ")
    words = "" if gecos == "-" else gecos.replace("_", " ")
    return User(name=name, uid=int(uid), gid=int(gid), gecos=words, home=home, shell=shell[0] if shell else _NOLOGIN)


def groups(persona: Persona) -> dict[str, int]:
    """Return all groups with their numbers, in the order of /etc/group."""
    found = dict(_GROUPS) if persona.family == "debian" else {}
    named = {user.gid: user.name for user in reversed(accounts(persona))}
    found |= {name: gid for gid, name in sorted(named.items()) if gid not in found.values()}
    for index, name in enumerate(sorted({name for user in persona.users for name in user.groups} - found.keys())):
        found[name] = _FIRST_OTHER_GROUP + index
    return found


def files(persona: Persona, installed: int) -> dict[str, str]:
    """Return path and text of what the distribution's packages left; `installed` is when, in Unix time."""
    if persona.family != "debian":
        return {}
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(installed))
    packages = [package.partition(" ") for package in persona.packages]
    return {
        "/etc/ssh/sshd_config": configuration_files.SSHD,
        "/etc/ssh/ssh_config": configuration_files.SSH,
        **configuration_files.PAM,
        "/var/log/dpkg.log": "".join(
            f"{when}:{index * 3 % 60:02} install {name}:amd64 <none> {version}\n"
            for index, (name, _, version) in enumerate(packages)
        ),
        **dict.fromkeys(("/var/log/btmp", "/var/log/faillog", "/var/log/lastlog", "/var/log/wtmp"), ""),
    }


def mounts(persona: Persona) -> list[tuple[str, str, str, str]]:
    """Return device, mount point, type and options of everything mounted, as /proc/mounts has it (proc(5))."""
    disks = [(disk.device, disk.mount, disk.type, "rw,relatime") for disk in persona.hardware.disks]
    if persona.family != "debian":
        virtual = [
            ("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"),
            ("tmpfs", "/tmp", "tmpfs", "rw,nosuid,nodev"),  # noqa: S108  # the decoy's
        ]
        return disks + virtual
    run, device = _run_kib(persona.hardware), _device_kib(persona.hardware)
    quiet = "rw,nosuid,nodev,noexec,relatime"
    return [
        ("sysfs", "/sys", "sysfs", quiet),
        ("proc", "/proc", "proc", quiet),
        ("udev", "/dev", "devtmpfs", f"rw,nosuid,relatime,size={device}k,nr_inodes={device // 4},mode=755,inode64"),
        ("devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000"),
        ("tmpfs", "/run", "tmpfs", f"rw,nosuid,nodev,noexec,relatime,size={run}k,mode=755,inode64"),
        *disks,
        ("securityfs", "/sys/kernel/security", "securityfs", quiet),
        ("tmpfs", "/dev/shm", "tmpfs", "rw,nosuid,nodev,inode64"),  # noqa: S108  # the decoy's
        ("tmpfs", "/run/lock", "tmpfs", "rw,nosuid,nodev,noexec,relatime,size=5120k,inode64"),
        ("cgroup2", "/sys/fs/cgroup", "cgroup2", f"{quiet},nsdelegate,memory_recursiveprot"),
        (
            "tmpfs",
            "/run/user/0",
            "tmpfs",
            f"rw,nosuid,nodev,relatime,size={run}k,nr_inodes={run // 4},mode=700,inode64",
        ),
    ]


def memory_disks(persona: Persona) -> list[tuple[str, str, int, int]]:
    """Return name, mount point, size and use in KiB of the file systems in memory that `df` shows."""
    if persona.family != "debian":
        return []
    run, hardware = _run_kib(persona.hardware), persona.hardware
    return [
        ("udev", "/dev", _device_kib(hardware), 0),
        ("tmpfs", "/run", run, 632),
        ("tmpfs", "/dev/shm", hardware.memory_kib // 2, 0),  # noqa: S108  # the decoy's
        ("tmpfs", "/run/lock", 5120, 0),
        ("tmpfs", "/run/user/0", run, 0),
    ]


def _run_kib(hardware: Hardware) -> int:
    return hardware.memory_kib // 10


def _device_kib(hardware: Hardware) -> int:
    return hardware.memory_kib // 2 - 32_000
