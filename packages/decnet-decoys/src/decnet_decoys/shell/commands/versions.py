# SPDX-License-Identifier: MIT
"""What programs of Debian 12 answer to nothing but --version, -V or -v: their first lines, measured on one."""

from typing import NamedTuple

from decnet_decoys.personas.schema import Persona
from decnet_decoys.shell.machine.distribution import version_of
from decnet_decoys.shell.programs import BUILTINS


class Told(NamedTuple):
    """What a program tells, and whether on standard error."""

    text: str
    error: bool = False


_LONG, _BOTH = ("--version",), ("--version", "-V")
_SYSTEMD = """\
systemd 252 (252.30-1~deb12u2)
+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 \
-IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD \
-BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified"""
_KMOD = "kmod version 30\n+ZSTD +XZ -ZLIB +LIBCRYPTO -EXPERIMENTAL"
_PING = "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes"
_TRACEROUTE = (
    "Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later"
)
_MOUNT = "mount from util-linux 2.38.1 (libmount 2.38.1: selinux, smack, btrfs, verity, namespaces, assert, debug)"
_ROWS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("hostnamectl timedatectl loginctl journalctl systemd-detect-virt systemctl localectl systemd-analyze systemd-run "
     "systemd-cgls systemd-cgtop busctl networkctl", _LONG, _SYSTEMD),
    ("ps free uptime w", _BOTH, "{} from procps-ng 4.0.2"),
    ("pgrep pkill vmstat watch sysctl kill", _LONG, "{} from procps-ng 4.0.2"),
    ("lsblk findmnt dmesg column rev whereis logger mesg last lastb renice more getopt flock wall write fallocate "
     "namei blkid chrt fsck mkfs partx runuser su swapon swapoff wipefs lsipc linux32 linux64", ("-V",),
     "{} from util-linux 2.38.1"),
    ("wall write fallocate namei logger mesg last getopt renice", _LONG, "{} from util-linux 2.38.1"),
    ("setsid lscpu hexdump nsenter unshare lsns prlimit mkswap script mountpoint losetup chrt ionice taskset "
     "ipcs ipcrm setpriv choom addpart delpart resizepart blockdev findfs swaplabel isosize blkdiscard blkzone hwclock "
     "lsipc partx wipefs colrm", _BOTH, "{} from util-linux 2.38.1"),
    ("netstat route arp ifconfig", _BOTH, "net-tools 2.10"),
    ("readelf nm objdump size strings strip objcopy ar ranlib addr2line c++filt elfedit gprof", _BOTH,
     "GNU {} (GNU Binutils for Debian) 2.40"),
    ("ld", ("-v", "--version", "-V"), "GNU ld (GNU Binutils for Debian) 2.40"),
    ("as", _LONG, "GNU assembler (GNU Binutils for Debian) 2.40"),
    ("readelf", ("-v",), "GNU {} (GNU Binutils for Debian) 2.40"),
    ("modprobe modinfo depmod insmod rmmod kmod", _BOTH, _KMOD),
    ("getent iconv locale", _LONG, "{} (Debian GLIBC 2.36-9+deb12u8) 2.36"),
    ("ldconfig", _BOTH, "ldconfig (Debian GLIBC 2.36-9+deb12u8) 2.36"),
    ("diff cmp", _LONG, "{} (GNU diffutils) 3.8"),
    ("ping", ("-V",), _PING),
    ("ss", _BOTH, "ss utility, iproute2-6.1.0"),
    ("telnet", _LONG, "telnet (GNU inetutils) 2.4"),
    ("xz", _BOTH, "xz (XZ Utils) 5.4.1\nliblzma 5.4.1"),
    ("mount", ("-V",), _MOUNT),
    ("nano", _LONG, " GNU nano, version 7.2"), ("less", _LONG, "less 590 (GNU regular expressions)"),
    ("file", _LONG, "file-5.44\nmagic file from /etc/magic:/usr/share/misc/magic"), ("bc", _LONG, "bc 1.07.1"),
    ("lspci", _LONG, "lspci version 3.9.0"), ("dmidecode", _LONG, "3.4"), ("man", _LONG, "man 2.11.2"),
    ("tput", ("-V",), "ncurses 6.4.20221231"), ("wget", ("-V",), "GNU Wget 1.21.3 built on linux-gnu."),
)  # fmt: skip
_TO_ERRORS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("killall pstree fuser", _BOTH, "{} (PSmisc) 23.6"),
    ("traceroute", _BOTH, _TRACEROUTE),
    ("host", ("-V",), "host 9.18.28-1~deb12u2-Debian"), ("dig", ("-v",), "DiG 9.18.28-1~deb12u2-Debian"),
    ("nslookup", ("-version",), "nslookup 9.18.28-1~deb12u2-Debian"),
    ("bzip2", _BOTH, "bzip2, a block-sorting file compressor.  Version 1.0.8, 13-Jul-2019."),
    ("xxd", ("-v",), "xxd 2022-01-14 by Juergen Weigert et al."),
    ("sshd", ("-V",), "OpenSSH_9.2, OpenSSL 3.0.14 4 Jun 2024"),
)  # fmt: skip
_TOLD = {
    (name, arg): Told(text.replace("{}", name), rows is _TO_ERRORS)
    for rows in (_ROWS, _TO_ERRORS)
    for names, args, text in rows
    for name in names.split()
    for arg in args
}


def version_told(persona: Persona, name: str, args: list[str]) -> Told | None:
    """Return what a program answers whose only argument asks for its version; None for others and for builtins."""
    if len(args) != 1 or name in BUILTINS:
        return None
    version = version_of(persona, name) if args[0] == "--version" else None
    if version is not None:
        return Told(version)
    return _TOLD.get((name, args[0])) if persona.family == "debian" and "Ubuntu" not in persona.os else None
