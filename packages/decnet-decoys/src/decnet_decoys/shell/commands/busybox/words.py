# SPDX-License-Identifier: MIT
"""BusyBox 1.35 as Debian builds it: its applets, and how they say what GNU's programs say otherwise."""

import re
from functools import cache
from pathlib import Path

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import decode, encode

_LISTED = """
[ [[ acpid adjtimex ar arch arp arping ascii ash awk base64 basename bc blkdiscard blkid blockdev brctl bunzip2 bzcat
bzip2 cal cat chgrp chmod chown chroot chvt clear cmp cp cpio crc32 cttyhack cut date dc dd deallocvt depmod devmem df
diff dirname dmesg dnsdomainname dos2unix du dumpkmap dumpleases echo egrep env expand expr factor fallocate false
fatattr fdisk fgrep find findfs fold free freeramdisk fsfreeze fstrim ftpget ftpput getopt getty grep groups gunzip gzip
halt head hexdump hostid hostname httpd hwclock i2cdetect i2cdump i2cget i2cset i2ctransfer id ifconfig ifdown ifup init
insmod ionice ip ipcalc ipneigh kill killall klogd last less link linux32 linux64 linuxrc ln loadfont loadkmap logger
login logname logread losetup ls lsmod lsscsi lzcat lzma lzop md5sum mdev microcom mim mkdir mkdosfs mke2fs mkfifo mknod
mkpasswd mkswap mktemp modinfo modprobe more mount mt mv nameif nc netstat nl nologin nproc nsenter nslookup nuke od
openvt partprobe paste patch pidof ping ping6 pivot_root poweroff printf ps pwd rdate readlink realpath reboot renice
reset resume rev rm rmdir rmmod route rpm rpm2cpio run-init run-parts sed seq setkeycodes setpriv setsid sh sha1sum
sha256sum sha3sum sha512sum shred shuf sleep sort ssl_client start-stop-daemon stat strings stty svc svok swapoff swapon
switch_root sync sysctl syslogd tac tail tar taskset tee telnet test tftp time timeout top touch tr traceroute
traceroute6 true truncate ts tty ubirename udhcpc udhcpd uevent umount uname uncompress unexpand uniq unix2dos unlink
unlzma unshare unxz unzip uptime usleep uudecode uuencode vconfig vi w watch watchdog wc wget which who whoami xargs xxd
xz xzcat yes zcat
"""
APPLETS = tuple(_LISTED.split())
_QUOTED = "['\u2018]([^'\u2018\u2019]*)['\u2019]"
_WORDS = {  # where one of them looks ahead for its end, it is not tried with each `: ` of a long name
    **{name: ((rf"{name}: ([^:\n]*): (No such file or directory|Permission denied|Is a directory)",
               rf"{name}: can't open '\1': \2"),)
       for name in ("md5sum", "sha1sum", "sha256sum", "sha512sum", "uniq", "less")},
    **{name: ((rf"{name}: (?:failed to (?:execute|run command) )?{_QUOTED}: (.*)", rf"{name}: can't execute '\1': \2"),
              (rf"{name}: failed to execute (.*): (.*)", rf"{name}: can't execute '\1': \2"))
       for name in ("env", "timeout", "setsid")},
    "cat": ((r"cat: (.*): (.*)", r"cat: can't open '\1': \2"),),
    "ls": ((rf"ls: cannot (?:access|open directory) {_QUOTED}: (.*)", r"ls: \1: \2"),),
    "rm": ((rf"rm: cannot remove {_QUOTED}: Is a directory", r"rm: '\1' is a directory"),
           (rf"rm: cannot remove {_QUOTED}: (.*)", r"rm: can't remove '\1': \2")),
    "cp": ((rf"cp: cannot stat {_QUOTED}: (.*)", r"cp: can't stat '\1': \2"),
           (rf"cp: -r not specified; omitting directory {_QUOTED}", r"cp: omitting directory '\1'")),
    "nc": ((r"\(UNKNOWN\) \[([^\]\n]*)\] \d+ \([^)\n]*\) : (.*)", r"nc: can't connect to remote host (\1): \2"),),
    "mv": ((rf"mv: cannot stat {_QUOTED}: (.*)", r"mv: can't rename '\1': \2"),),
    "mkdir": ((rf"mkdir: cannot create directory {_QUOTED}: (.*)", r"mkdir: can't create directory '\1': \2"),),
    "rmdir": ((rf"rmdir: failed to remove {_QUOTED}: (.*)", r"rmdir: '\1': \2"),),
    "ln": ((rf"ln: failed to access {_QUOTED}: (.*)", r"ln: \1: \2"),
           (rf"ln: failed to create (?:symbolic |hard )?link {_QUOTED}(?: => .*)?: (.*)", r"ln: \1: \2")),
    "sort": ((r"sort: cannot read: (.*): (.*)", r"sort: \1: \2"),),
    "du": ((rf"du: cannot access {_QUOTED}: (.*)", r"du: \1: \2"),),
    "df": ((r"df: (.*): No such file or directory", r"df: \1: can't find mount point"),),
    "stat": ((rf"stat: cannot statx? {_QUOTED}: (.*)", r"stat: can't stat '\1': \2"),),
    "diff": ((r"diff: (.*): (No such file or directory)", r"diff: can't stat '\1': \2"),),
    "tac": ((rf"tac: failed to open {_QUOTED} for reading: (.*)", r"tac: \1: \2"),),
    "rev": ((r"rev: cannot open (.*): (.*)", r"rev: \1: \2"),),
    "od": ((r"od: (.*): (.*)", r"od: \1: \2"),),
    "hexdump": ((r"(?=.*\nhexdump: all input)hexdump: (.*): (.*)\nhexdump: all input file arguments failed",
                 r"hexdump: \1: \2"),),
    "strings": ((rf"strings: {_QUOTED}: No such file", r"strings: \1: No such file or directory"),),
    "gunzip": ((r"gzip: (.*?)\.gz: (.*)", r"gunzip: \1: \2"),),
    "gzip": ((r"gzip: (.*?)\.gz: (.*)", r"gzip: \1: \2"),),
    "zcat": ((r"gzip: (.*?)\.gz: (.*)", r"zcat: \1: \2"),),
    "bunzip2": ((r"(?=.*\.$)bunzip2: Can't open input file (.*): (.*)\.", r"bunzip2: \1: \2"),),
    "chroot": ((rf"chroot: cannot change root directory to {_QUOTED}: (.*)",
                r"chroot: can't change root directory to '\1': \2"),),
    "id": ((rf"id: {_QUOTED}: no such user", r"id: unknown user \1"),),
    "date": ((rf"date: invalid date {_QUOTED}", r"date: invalid date '\1'"),),
    "chgrp": ((rf"chgrp: invalid group: {_QUOTED}", r"chgrp: unknown group \1"),
              (rf"chgrp: cannot access {_QUOTED}: (.*)", r"chgrp: \1: \2")),
    "touch": ((rf"touch: cannot touch {_QUOTED}: (.*)", r"touch: \1: \2"),),
    "head": ((rf"head: cannot open {_QUOTED} for reading: (.*)", r"head: \1: \2"),),
    "tail": ((rf"tail: cannot open {_QUOTED} for reading: (.*)", r"tail: can't open '\1': \2\ntail: no files"),),
    "find": ((rf"find: {_QUOTED}: (.*)", r"find: \1: \2"),),
    "sed": ((r"sed: can't read (.*): (.*)", r"sed: \1: \2"),),
    "tar": ((r"(?=.*\ntar: Error is)tar: (.*): Cannot open: (.*)\ntar: Error is not recoverable: exiting now",
             r"tar: can't open '\1': \2"),),
    "chmod": ((rf"chmod: cannot access {_QUOTED}: (.*)", r"chmod: \1: \2"),),
    "chown": ((r"chown: invalid user: ['\u2018]([^'\u2019:]*)['\u2019]", r"chown: unknown user \1"),
              (rf"chown: invalid (?:user|group): {_QUOTED}", r"chown: unknown user/group \1"),
              (rf"chown: cannot access {_QUOTED}: (.*)", r"chown: \1: \2"),),
    "kill": ((r".*kill: \((\d+)\) - (.*)", r"kill: can't kill pid \1: \2"),
             (r"(?=.*: arguments must be process or job IDs$).*kill: (.*): arguments must be process or job IDs",
              r"kill: invalid number '\1'")),
    "killall": ((r"(.*): no process found", r"killall: \1: no process killed"),),
    "dd": ((rf"dd: failed to open {_QUOTED}: (.*)", r"dd: can't open '\1': \2"),
           (r"(.*records out\n)\d+ bytes.* copied.*\n?", r"\1")),
    "sleep": ((rf"sleep: invalid time interval {_QUOTED}\n.*", r"sleep: invalid number '\1'"),),
    "wget": ((r"(?s:wget: missing URL\n.*)", ""),),
}  # fmt: skip
_STATUS = {("ls", 2): 1, ("sed", 2): 1, ("tar", 2): 1}
MAX_TEXT = 1 << 14


HEADER = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n"
_WRONG = re.compile(
    r"[\w.-]{1,32}: (invalid option -- '.'|unrecognized option '.{0,200}'|option requires an argument -- '.')"
)


@cache
def _usages() -> str:
    return Path(__file__).with_name("usages.txt").read_text(encoding="utf-8")


def usage(name: str) -> tuple[str, int | None]:
    """Return how an applet is used, empty if unknown, and the status with which it tells so without arguments."""
    text = _usages()
    start = text.find(f"\n== {name} ")
    if start < 0:
        return "", None
    head, _, body = text[start + 1 : text.find("\n== ", start + 1) + 1 or len(text)].partition("\n")
    status = head.rpartition(" ")[2]
    return HEADER + "\n" + body, None if status == "-" else int(status)


def refused(name: str, text: str) -> str | None:
    """Return what an applet writes for an option that it does not have, where GNU's program writes `text`."""
    wrong = _WRONG.match(text[:300])
    shown = usage(name)[0] if wrong is not None else ""
    return f"{name}: {wrong[1]}\n{shown}" if wrong is not None and shown else None


@cache
def _patterns(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what an applet says otherwise: compiled when it first runs, for few do."""
    return tuple((re.compile(f"^{pattern}$", re.MULTILINE), words) for pattern, words in _WORDS.get(name, ()))


def is_worded(name: str) -> bool:
    """Return whether an applet says otherwise what GNU's program of the name says, and at its end."""
    return name in _WORDS and name not in ("wget", "kill", "killall")


def said(name: str, text: str, status: int) -> tuple[str, int]:
    """Return what an applet writes to standard error, and its status, where GNU's program writes `text`."""
    if len(text) <= MAX_TEXT:
        for pattern, words in _patterns(name):
            text = pattern.sub(words, text)
    if name == "killall":
        status = text.count(": no process killed\n") or status
    return text, _STATUS.get((name, status), status)


def worded(call: Call, args: list[str], *, program: bool) -> Effects:
    """Run the command of an applet's name with those arguments, and say what it complains of as the applet does."""
    errors = call.runner.buffer()
    streams = call.streams._replace(err=errors)
    status = yield from call.runner.execute([call.name, *args], streams, program=program)
    text, status = said(call.name, decode(errors.take()), status)
    call.err.write(encode(text))
    return status
