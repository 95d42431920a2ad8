# SPDX-License-Identifier: MIT
"""Directories and files that every Debian has, and what the kernel shows in /proc/sys and /sys."""

import hashlib
import uuid

from decnet_decoys.personas.schema import Hardware, Persona
from decnet_decoys.shell.machine.files.home_files import BASH_LOGOUT, BASHRC, PROFILE
from decnet_decoys.shell.machine.files.unit_files import unit_files

DIRECTORIES = """
    /etc/alternatives /etc/apt/sources.list.d /etc/cron.hourly /etc/cron.monthly /etc/cron.weekly /etc/cron.yearly
    /etc/default /etc/init.d /etc/logrotate.d /etc/network /etc/pam.d /etc/profile.d /etc/security /etc/skel
    /etc/ssh/ssh_config.d /etc/ssh/sshd_config.d /etc/sudoers.d /etc/systemd/system/multi-user.target.wants
    /etc/systemd/system/getty.target.wants /etc/systemd/system/sysinit.target.wants
    /etc/systemd/system/timers.target.wants
    /lib/systemd/system /run/systemd
    /sys/block /sys/bus /sys/class /sys/dev /sys/devices /sys/firmware /sys/fs/cgroup /sys/kernel /sys/module /sys/power
    /usr/games /usr/include /usr/libexec /usr/local/sbin /usr/local/lib /usr/local/share /usr/share/doc /usr/share/man
    /usr/src /var/lib/apt /var/lib/dpkg /var/local /var/mail /var/opt /var/spool/cron
    /etc/apparmor.d /etc/binfmt.d /etc/ca-certificates /etc/dbus-1 /etc/dpkg /etc/iproute2 /etc/kernel /etc/modprobe.d
    /etc/modules-load.d /etc/opt /etc/perl /etc/python3 /etc/python3.11 /etc/rc0.d /etc/rc1.d /etc/rc2.d /etc/rc3.d
    /etc/rc4.d /etc/rc5.d /etc/rc6.d /etc/rcS.d /etc/selinux /etc/ssl/certs /etc/ssl/private /etc/sysctl.d
    /etc/terminfo /etc/tmpfiles.d /etc/update-motd.d /etc/vim /etc/xdg /usr/local/etc /usr/local/games
    /usr/local/include /usr/local/src /var/cache/apt /var/cache/debconf /var/cache/ldconfig /var/cache/man
    /var/cache/private /var/lib/dbus /var/lib/logrotate /var/lib/man-db /var/lib/misc /var/lib/pam /var/lib/private
    /var/lib/python /var/lib/sudo /var/lib/systemd /var/lib/ucf /var/lib/vim /var/log/private
"""
MODES = {
    "/etc/ssl/private": (0o700, "root"), "/var/cache/private": (0o700, "root"), "/var/lib/private": (0o700, "root"),
    "/var/log/private": (0o700, "root"), "/var/cache/ldconfig": (0o700, "root"), "/var/lib/sudo": (0o711, "root"),
    "/var/mail": (0o2775, "mail"), "/var/local": (0o2775, "staff"), "/var/log/journal": (0o2755, "systemd-journal"),
    "/var/log/btmp": (0o660, "utmp"), "/var/log/wtmp": (0o664, "utmp"), "/var/log/lastlog": (0o664, "utmp"),
    "/etc/machine-id": (0o444, "root"), "/var/spool/cron/crontabs": (0o1730, "crontab"),
}  # fmt: skip
"""What differs from 755 or 644 and the group root."""
LINKS = {
    "/bin/sh": "dash", "/var/lock": "/run/lock", "/var/run": "/run",
    "/proc/mounts": "self/mounts",
    "/etc/localtime": "/usr/share/zoneinfo/Etc/UTC", "/usr/bin/awk": "/etc/alternatives/awk",
    "/dev/fd": "/proc/self/fd",
    "/etc/alternatives/awk": "/usr/bin/mawk", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1",
    "/etc/mtab": "../proc/self/mounts", "/usr/bin/python3": "python3.11",
    "/var/spool/mail": "../mail", "/usr/local/man": "share/man",
    "/usr/bin/vi": "/etc/alternatives/vi",
    "/usr/sbin/reboot": "/bin/systemctl", "/usr/sbin/shutdown": "/bin/systemctl",
    "/usr/sbin/init": "/lib/systemd/systemd",
    "/sys/class/net/lo": "../../devices/virtual/net/lo", "/etc/alternatives/vi": "/usr/bin/vim.tiny",
}  # fmt: skip
LINKS |= {
    f"/etc/rc{level}.d/S01{name}": f"../init.d/{name}" for level in "2345" for name in ("cron", "dbus", "ssh", "sudo")
}
LINKS |= {f"/etc/rc{level}.d/K01hwclock.sh": "../init.d/hwclock.sh" for level in "06"}
LINKS |= {f"/etc/rcS.d/S01{name}": f"../init.d/{name}" for name in ("hwclock.sh", "kmod", "procps")}
LIBRARIES = {
    "/lib/{machine}-linux-gnu/libc.so.6": 1_922_136, "/lib/{machine}-linux-gnu/libm.so.6": 907_784,
    "/lib/{machine}-linux-gnu/libpthread.so.0": 14_480, "/lib/{machine}-linux-gnu/libdl.so.2": 14_480,
    "/lib/{machine}-linux-gnu/libcrypt.so.1": 207_864, "/lib/{machine}-linux-gnu/libz.so.1": 121_280,
    "/etc/ld.so.cache": 21_148,
}  # fmt: skip
"""Shared libraries and what finds them: their sizes in bytes."""
LINKED = {"/usr/bin/vim.tiny": "/usr/bin/vi", "/usr/lib/systemd/systemd": "/usr/sbin/init"}
"""Programs to which a link of another name leads."""
SET_USER_ID = "su sudo passwd mount umount newgrp chsh chfn gpasswd"
"""The programs in /usr/bin that run as root whoever starts them."""
SET_USER_ID_ELSEWHERE = {
    "/usr/lib/dbus-1.0/dbus-daemon-launch-helper": (0o4754, "messagebus"),
    "/usr/lib/openssh/ssh-keysign": (0o4755, ""),
}
"""Mode and group of programs that others start."""
SET_GROUP_ID = {
    "/usr/bin/chage": "shadow", "/usr/bin/expiry": "shadow", "/usr/bin/crontab": "crontab",
    "/usr/bin/ssh-agent": "_ssh", "/usr/sbin/unix_chkpwd": "shadow",
}  # fmt: skip
"""The programs that run with a group, and which."""
DEVICES = {
    "null": "1, 3", "zero": "1, 5", "full": "1, 7", "random": "1, 8", "urandom": "1, 9", "tty": "5, 0",
    "console": "5, 1", "ptmx": "5, 2",
}  # fmt: skip
_CRONTAB_HEAD = """\
# /etc/crontab: system-wide crontab
# Unlike any other crontab you don't have to run the `crontab'
# command to install the new version when you edit this file
# and files in /etc/cron.d. These files also have username fields,
# that none of the other crontabs do.

SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

# Example of job definition:
# .---------------- minute (0 - 59)
# |  .------------- hour (0 - 23)
# |  |  .---------- day of month (1 - 31)
# |  |  |  .------- month (1 - 12) OR jan,feb,mar,apr ...
# |  |  |  |  .---- day of week (0 - 6) (Sunday=0 or 7) OR sun,mon,tue,wed,thu,fri,sat
# |  |  |  |  |
# *  *  *  *  * user-name command to be executed
"""
_RUN_PARTS = """\
17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly
25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }
"""
_INIT_SCRIPTS = {
    "cron": "Start/stop the cron daemon", "dbus": "Start and stop the D-Bus system message bus daemon",
    "hwclock.sh": "Set system clock to hardware clock", "kmod": "Load the modules listed in /etc/modules",
    "networking": "Raise network interfaces", "procps": "Set kernel variables from /etc/sysctl.conf",
    "ssh": "Start/stop the OpenSSH server", "sudo": "Clean up what sudo remembers", "udev": "Start systemd-udevd",
}  # fmt: skip
_PLACEHOLDER = """\
# DO NOT EDIT OR REMOVE
# This file is a simple placeholder to keep dpkg from removing this directory
"""
_SCRUB = """\
30 3 * * 0 root test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/x86_64-linux-gnu/e2fsprogs/e2scrub_all_cron
10 3 * * * root test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r
"""
_ADDUSER = """\
# /etc/adduser.conf: what adduser does unless it is told otherwise (adduser.conf(5))
DSHELL=/bin/bash
DHOME=/home
SKEL=/etc/skel
FIRST_SYSTEM_UID=100
LAST_SYSTEM_UID=999
FIRST_UID=1000
LAST_UID=59999
USERGROUPS=yes
DIR_MODE=0700
"""
_SUDOERS = """\
#
# This file MUST be edited with the 'visudo' command as root.
#
Defaults\tenv_reset
Defaults\tmail_badpass
Defaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults\tuse_pty

# User privilege specification
root\tALL=(ALL:ALL) ALL

# Allow members of group sudo to execute any command
%sudo\tALL=(ALL:ALL) ALL

@includedir /etc/sudoers.d
"""
_SYSCTL = {
    "kernel/ostype": "Linux", "kernel/pid_max": "4194304", "kernel/randomize_va_space": "2", "vm/swappiness": "60",
    "kernel/core_pattern": "core", "fs/file-max": "9223372036854775807", "net/ipv4/ip_forward": "0",
    "kernel/panic": "0",
    "net/ipv4/tcp_syncookies": "1", "vm/nr_hugepages": "0", "vm/drop_caches": "0", "vm/overcommit_memory": "0",
    "net/core/somaxconn": "4096", "kernel/domainname": "(none)", "kernel/yama/ptrace_scope": "0", "kernel/sysrq": "438",
    "net/ipv4/conf/all/rp_filter": "2", "net/ipv6/conf/all/disable_ipv6": "0", "kernel/nmi_watchdog": "0",
    "fs/inotify/max_user_watches": "29463", "kernel/threads-max": "30997", "net/ipv4/icmp_echo_ignore_all": "0",
}  # fmt: skip
_LIMITS = "".join(
    f"{name:<26}{soft:<21}{hard:<21}{unit:<10}\n"
    for name, soft, hard, unit in (
        ("Limit", "Soft Limit", "Hard Limit", "Units"),
        ("Max cpu time", "unlimited", "unlimited", "seconds"),
        ("Max file size", "unlimited", "unlimited", "bytes"),
        ("Max data size", "unlimited", "unlimited", "bytes"),
        ("Max stack size", "8388608", "unlimited", "bytes"),
        ("Max core file size", "0", "unlimited", "bytes"),
        ("Max resident set", "unlimited", "unlimited", "bytes"),
        ("Max processes", "15498", "15498", "processes"),
        ("Max open files", "1024", "1048576", "files"),
        ("Max locked memory", "514322432", "514322432", "bytes"),
        ("Max address space", "unlimited", "unlimited", "bytes"),
        ("Max file locks", "unlimited", "unlimited", "locks"),
        ("Max pending signals", "15498", "15498", "signals"),
        ("Max msgqueue size", "819200", "819200", "bytes"),
        ("Max nice priority", "0", "0", ""),
        ("Max realtime priority", "0", "0", ""),
        ("Max realtime timeout", "unlimited", "unlimited", "us"),
    )
)
_HEADS = {
    "/proc/net/arp": "IP address       HW type     Flags       HW address            Mask     Device\n",
    "/proc/net/route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
    + " " * 55
    + "\n",
    "/proc/net/unix": "Num       RefCount Protocol Flags    Type St Inode Path\n",
    "/proc/net/udp": "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    " ref pointer drops             \n",
    "/proc/swaps": "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
    "/proc/modules": "nf_tables 303104 0 - Live 0x0000000000000000\next4 995328 1 - Live 0x0000000000000000\n",
    "/proc/filesystems": "nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\n"
    "nodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\tcpuset\n"
    "nodev\tdevtmpfs\nnodev\tsecurityfs\nnodev\tpipefs\nnodev\tramfs\nnodev\tdevpts\n"
    "\text3\n\text2\n\text4\nnodev\tmqueue\n",
    "/proc/devices": "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n136 pts\n\nBlock devices:\n254 virtblk\n",
}
_MAPS = (
    "55d0c0a00000-55d0c0a2f000 r--p 00000000 fe:01 131{number:04} {path}\n"
    "7ffd1e5c0000-7ffd1e5e1000 rw-p 00000000 00:00 0 [stack]\n"
)


_MOTD = """
The programs included with the Debian GNU/Linux system are free software;
the exact distribution terms for each program are described in the
individual files in /usr/share/doc/*/copyright.

Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent
permitted by applicable law.
"""
_LOGIN_DEFS = """\
MAIL_DIR        /var/mail
FAILLOG_ENAB\t\tyes
LOG_UNKFAIL_ENAB\tno
LOG_OK_LOGINS\t\tno
SYSLOG_SU_ENAB\t\tyes
SYSLOG_SG_ENAB\t\tyes
FTMP_FILE\t/var/log/btmp
SU_NAME\t\tsu
HUSHLOGIN_FILE\t.hushlogin
ENV_SUPATH\tPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV_PATH\tPATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
TTYGROUP\ttty
TTYPERM\t\t0600
ERASECHAR\t0177
KILLCHAR\t025
UMASK\t\t022
PASS_MAX_DAYS\t99999
PASS_MIN_DAYS\t0
PASS_WARN_AGE\t7
UID_MIN\t\t\t 1000
UID_MAX\t\t\t60000
SUB_UID_MIN\t\t   100000
SUB_UID_MAX\t\t600100000
SUB_UID_COUNT\t\t    65536
GID_MIN\t\t\t 1000
GID_MAX\t\t\t60000
SUB_GID_MIN\t\t   100000
SUB_GID_MAX\t\t600100000
SUB_GID_COUNT\t\t    65536
LOGIN_RETRIES\t\t5
LOGIN_TIMEOUT\t\t60
CHFN_RESTRICT\t\trwh
DEFAULT_HOME\tyes
USERGROUPS_ENAB yes
ENCRYPT_METHOD SHA512
NONEXISTENT\t/nonexistent
PREVENT_NO_AUTH superuser
"""
_NSSWITCH = """\
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.
# If you have the `glibc-doc-reference' and `info' packages installed, try:
# `info libc "Name Service Switch"' for information about this file.

passwd:         files
group:          files
shadow:         files
gshadow:        files

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files

netgroup:       nis
"""
_LISTED_SERVICES = (
    ("tcpmux", "1/tcp\t\t\t\t# TCP port service multiplexer"), ("echo", "7/tcp"), ("discard", "9/tcp"),
    ("daytime", "13/tcp"), ("chargen", "19/tcp"), ("ftp-data", "20/tcp"), ("ftp", "21/tcp"),
    ("ssh", "22/tcp\t\t\t\t# SSH Remote Login Protocol"), ("telnet", "23/tcp"), ("smtp", "25/tcp\t\tmail"),
    ("domain", "53/tcp"), ("domain", "53/udp"), ("tftp", "69/udp"), ("gopher", "70/tcp"), ("finger", "79/tcp"),
    ("http", "80/tcp\t\twww\t\t# WorldWideWeb HTTP"), ("pop3", "110/tcp\t\tpop-3"),
    ("sunrpc", "111/tcp\t\tportmapper"), ("ntp", "123/udp"), ("imap2", "143/tcp\t\timap"), ("snmp", "161/udp"),
    ("ldap", "389/tcp"), ("https", "443/tcp"), ("microsoft-ds", "445/tcp"), ("submissions", "465/tcp"),
    ("submission", "587/tcp"), ("ipp", "631/tcp"), ("ldaps", "636/tcp"), ("rsync", "873/tcp"), ("imaps", "993/tcp"),
    ("pop3s", "995/tcp"), ("socks", "1080/tcp"), ("ms-sql-s", "1433/tcp"), ("mysql", "3306/tcp"),
    ("ms-wbt-server", "3389/tcp"), ("postgresql", "5432/tcp\t\tpostgres"), ("redis", "6379/tcp"), ("ircd", "6667/tcp"),
    ("http-alt", "8080/tcp\t\twebcache"),
)  # fmt: skip
_SERVICES = "# Network services, Internet style\n" + "".join(f"{name}\t\t{port}\n" for name, port in _LISTED_SERVICES)
_PROTOCOL_NUMBERS = {
    "ip": 0, "icmp": 1, "igmp": 2, "ggp": 3, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50,
    "ah": 51, "ipv6-icmp": 58, "ospf": 89, "ipip": 94, "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136,
}  # fmt: skip
_PROTOCOLS = "# Internet (IP) protocols\n\n" + "".join(
    f"{name}\t{number}\t{name.upper()}\n" for name, number in _PROTOCOL_NUMBERS.items()
)
TCP_SERVICES = {port.partition("/")[0]: name for name, port in _LISTED_SERVICES if "/tcp" in port}
"""What /etc/services calls the ports."""
TCP_PORTS = {name: port for port, name in TCP_SERVICES.items()}


def etc(persona: Persona, hostname: str) -> dict[str, str]:
    """Return path and text of what an installation has, of those that the persona does not describe itself."""
    identity = hashlib.md5(f"{hostname}:{persona.hardware.mac}".encode(), usedforsecurity=False).hexdigest()
    suite = "jammy" if "Ubuntu" in persona.os else "bookworm"
    mirror = "http://archive.ubuntu.com/ubuntu" if suite == "jammy" else "http://deb.debian.org/debian"
    return {
        "/etc/timezone": "Etc/UTC\n",
        "/etc/machine-id": f"{identity}\n",
        "/etc/shells": "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n"
        "/usr/bin/rbash\n/bin/dash\n/usr/bin/dash\n",
        "/etc/crontab": f"{_CRONTAB_HEAD}{_RUN_PARTS}#\n",
        "/etc/sudoers": _SUDOERS,
        "/etc/sudoers.d/README": "# Files here are read by sudo, but for those whose names have a dot or end in ~.\n"
        "# Change them with visudo.\n",
        "/etc/adduser.conf": _ADDUSER,
        "/etc/apt/apt.conf.d/01autoremove": 'APT\n{\n  NeverAutoRemove\n  {\n\t"^firmware-linux.*";\n  };\n};\n',
        "/etc/apt/apt.conf.d/70debconf": 'DPkg::Pre-Install-Pkgs {"/usr/sbin/dpkg-preconfigure --apt || true";};\n',
        "/etc/host.conf": "multi on\n",
        "/etc/issue.net": f"{persona.os.replace(' (bookworm)', '')}\n",
        "/etc/environment": "",
        "/etc/protocols": _PROTOCOLS,
        "/etc/networks": "default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n",
        "/etc/hosts.allow": "# /etc/hosts.allow: list of hosts that are allowed to access the system.\n",
        "/etc/hosts.deny": "# /etc/hosts.deny: hosts that are _not_ allowed to access the system.\n",
        "/etc/nsswitch.conf": _NSSWITCH,
        "/etc/profile": "# /etc/profile: system-wide .profile file for the Bourne shell (sh(1))\n"
        "# and Bourne compatible shells (bash(1), ksh(1), ash(1), ...).\n\n"
        'if [ "$(id -u)" -eq 0 ]; then\n  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nfi\n',
        "/etc/bash.bashrc": "# System-wide .bashrc file for interactive bash(1) shells.\n",
        "/etc/sysctl.conf": "#\n# /etc/sysctl.conf - Configuration file for setting system variables\n",
        "/etc/apt/sources.list": f"deb {mirror} {suite} main\ndeb {mirror} {suite}-updates main\n",
        "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n",
        "/etc/rsyslog.conf": "# /etc/rsyslog.conf configuration file for rsyslog\n",
        "/etc/login.defs": _LOGIN_DEFS,
        "/etc/services": _SERVICES,
        "/etc/motd": "" if suite == "jammy" else _MOTD,
        "/etc/passwd-": "",
        "/etc/group-": "",
        "/etc/skel/.bashrc": BASHRC.decode(),
        "/etc/skel/.profile": PROFILE.decode(),
        "/etc/skel/.bash_logout": BASH_LOGOUT.decode(),
        **{f"/etc/init.d/{name}": f"#!/bin/sh\n# {what}.\n" for name, what in _INIT_SCRIPTS.items()},
        "/etc/cron.daily/apt-compat": "#!/bin/sh\nexit 0\n",
        "/etc/cron.daily/dpkg": "#!/bin/sh\nexit 0\n",
        "/etc/cron.daily/logrotate": "#!/bin/sh\nexit 0\n",
        "/etc/cron.daily/man-db": "#!/bin/sh\nexit 0\n",
        **{f"/etc/cron.{often}/.placeholder": _PLACEHOLDER for often in ("d", "daily", "hourly", "monthly", "weekly")},
        "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n\n",
        "/etc/ld.so.conf.d/libc.conf": "# libc default configuration\n/usr/local/lib\n",
        f"/etc/ld.so.conf.d/{persona.machine}-linux-gnu.conf": "# Multiarch support\n"
        + "".join(f"{folder}/{persona.machine}-linux-gnu\n" for folder in ("/usr/local/lib", "/lib", "/usr/lib")),
        "/etc/cron.d/e2scrub_all": _SCRUB,
        "/var/log/auth.log": "",
        "/var/log/syslog": "",
        "/var/log/alternatives.log": "",
        "/usr/share/zoneinfo/Etc/UTC": "TZif2",
        **unit_files(persona),
    }


def kernel(persona: Persona) -> dict[str, str]:
    """Return path and text of what the kernel shows."""
    hardware = persona.hardware
    files = {f"/proc/sys/{name}": f"{value}\n" for name, value in _SYSCTL.items()}
    files |= _HEADS
    files |= {
        f"/proc/{process.pid}/{name}": text
        for process in persona.processes
        for name, text in (("comm", f"{_name(process.command)}\n"), ("status", f"Name:\t{_name(process.command)}\n"))
    }
    files["/proc/1/mounts"] = files["/proc/1/maps"] = ""
    files["/proc/self/maps"] = _MAPS.format(number=7, path="/usr/bin/cat")
    files["/proc/self/environ"] = files["/proc/self/stat"] = ""
    files["/proc/self/limits"] = _LIMITS
    boot = uuid.uuid5(uuid.NAMESPACE_OID, f"{hardware.mac} {hardware.memory_kib}")
    files["/proc/sys/kernel/random/boot_id"] = f"{boot}\n"
    return files | _sys(hardware)


def _name(command: str) -> str:
    return command.strip("[]").split(" ")[0].rpartition("/")[2].rstrip(":")[:15]


def _sys(hardware: Hardware) -> dict[str, str]:
    network = {
        "/sys/devices/virtual/net/lo": ("00:00:00:00:00:00", "65536", "unknown"),
        f"/sys/class/net/{hardware.interface}": (hardware.mac, "1500", "up"),
    }
    files = {
        f"{path}/{name}": f"{value}\n"
        for path, values in network.items()
        for name, value in zip(("address", "mtu", "operstate"), values, strict=True)
        if not path.endswith("/")
    }
    identity = {"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)", "bios_vendor": "SeaBIOS",
                "product_version": "pc-q35-7.2", "bios_version": "1.16.2", "chassis_vendor": "QEMU"}  # fmt: skip
    files |= {f"/sys/class/dmi/id/{name}": f"{value}\n" for name, value in identity.items()}
    files |= {
        f"/sys/block/{disk.device[5:].rstrip('0123456789')}/size": f"{disk.size * 2}\n" for disk in hardware.disks
    }
    files["/sys/devices/system/cpu/online"] = f"0-{hardware.cores - 1}\n"
    return files
