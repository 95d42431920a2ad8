# SPDX-License-Identifier: MIT
"""dpkg and dpkg-query: what is installed, and refusals of what would change that (dpkg(1))."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.packages.apt import ESSENTIAL, packages
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.machine.distribution import version_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape


@command("dpkg", "dpkg-query", families=("debian",))
def dpkg(call: Call) -> int:
    """Show installed packages (-l, -s, -L, -W) and the architecture."""
    words, known, flags = call.words, packages(call), {arg for arg in call.args if arg.startswith("-")}
    action = next((_DPKG_ACTIONS[arg] for arg in call.args if arg in _DPKG_ACTIONS), None)
    if action is not None:
        return action(call, words, known)
    short = next((flag for flag in flags if not flag.startswith("--") and flag[1:2] not in _DPKG_LETTERS), "")
    unknown = next((flag for flag in flags if flag.startswith("--") and flag not in _DPKG_LONG), short)
    if call.name == "dpkg-query":
        wrong = f"unknown option {unknown[:64]}" if unknown else "need an action option"
        call.print_error(f"dpkg-query: error: {wrong}\n\nUse --help for help about querying packages.")
        return 2
    call.print_error(f"dpkg: error: {f'unknown option {unknown[:64]}' if unknown else 'need an action option'}\n")
    call.print_error(_DPKG_HINT, end="")
    return 2


def _architecture(call: Call, _words: list[str], _known: dict[str, str]) -> int:
    call.print("arm64" if call.shell.machine.persona.machine == "aarch64" else "amd64")
    return 0


def _version(call: Call, _words: list[str], _known: dict[str, str]) -> int:
    call.print("Debian 'dpkg' package management program version 1.21.22 (amd64).")
    return 0


def _selections(call: Call, patterns: list[str], known: dict[str, str]) -> int:
    """Show which packages are wanted, as dpkg --get-selections does."""
    held = call.shell.machine.condition.held
    for name in known:
        if not patterns or any(matches(name, one) for one in patterns[:16]):
            tabs = "\t" * max(1, 6 - len(name) // 8)
            call.print(f"{name}{tabs}{'hold' if name in held else 'install'}")
    return 0


def _removed(call: Call, names: list[str], known: dict[str, str]) -> int:
    """Refuse to remove: what is not installed, and what the machine needs."""
    if call.shell.identity.uid != 0:
        call.print_error("dpkg: error: requested operation requires superuser privilege")
        return 2
    if not names:
        call.print_error(f"dpkg: error: --remove needs at least one package name argument\n\n{_DPKG_HINT}", end="")
        return 2
    status = 0
    for name in names[:20]:
        if name not in known:
            call.print_error(f"dpkg: warning: ignoring request to remove {name[:64]} which isn't installed")
        else:
            call.print_error(f"dpkg: error processing package {name} (--remove):\n"
                             " this is an essential package; it should not be removed\n"
                             f"Errors were encountered while processing:\n {name}")  # fmt: skip
            status = 1
    return status


def _nothing(_call: Call, _words: list[str], _known: dict[str, str]) -> int:
    return 0


def _compared(call: Call, _words: list[str], _known: dict[str, str]) -> int:
    """Compare two versions (deb-version(7)) by their numbers."""
    args = call.args[call.args.index("--compare-versions") + 1 :]
    if len(args) < 3 or args[1] not in _RELATIONS:
        call.print_error("dpkg: error: --compare-versions takes three arguments: <version> <relation> <version>\n\n"
                         + _DPKG_HINT, end="")  # fmt: skip
        return 2
    one, two = (_version_key(args[index][:256]) for index in (0, 2))
    return int(((one > two) - (one < two)) not in _RELATIONS[args[1]])


_RELATIONS = {"lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1), "ge": (0, 1), "gt": (1,), "<<": (-1,),
              "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,), "<": (-1, 0), ">": (0, 1)}  # fmt: skip


def _version_key(version: str) -> list[tuple[int, int, str]]:
    epoch, colon, rest = version.partition(":")
    pieces = re.findall(r"[0-9]+|[^0-9]+", rest if colon else version)
    key = [(1, int(piece), "") if piece.isdecimal() else (0 if piece[0] == "~" else 2, 0, piece) for piece in pieces]
    return [(1, int(epoch) if colon and epoch.isdecimal() else 0, ""), *key, (1, 0, "")]


def refused_archive(call: Call, words: list[str], _known: dict[str, str]) -> int:
    """Refuse an archive that is to be read: one that there is, too, for none is one of this machine's."""
    path = next(iter(words), "")
    if path and call.shell.files.exists(path, call.shell.access):
        call.print_error(f"dpkg-deb: error: '{path}' is not a Debian format archive")
    else:
        call.print_error(f"dpkg-deb: error: failed to read archive '{path[:4096]}': No such file or directory")
    return 2


_DPKG_LETTERS = frozenset("ACDEGILOPRSVWbcefilnprsux")
_DPKG_LONG = frozenset(
    ("--install", "--unpack", "--configure", "--remove", "--purge", "--verify", "--get-selections", "--set-selections",
     "--audit", "--list", "--status", "--listfiles", "--search", "--print-architecture", "--force-all", "--help")
)  # fmt: skip
_DPKG_HINT = """\
Type dpkg --help for help about installing and deinstalling packages [*];
Use 'apt' or 'aptitude' for user-friendly package management;
Type dpkg -Dhelp for a list of dpkg debug flag values;
Type dpkg --force-help for a list of forcing options;
Type dpkg-deb --help for help about manipulating *.deb files;

Options marked [*] produce a lot of output - pipe it through 'less' or 'more' !
"""


def _installed(call: Call, paths: list[str]) -> int:
    """Refuse archives: those that there are, too, for none is one of this machine's."""
    if call.shell.identity.uid != 0:
        call.print_error("dpkg: error: requested operation requires superuser privilege")
        return 2
    if not paths:
        call.print_error(
            f"dpkg: error: --install needs at least one package archive file argument\n\n{_DPKG_HINT}", end=""
        )
        return 2
    for path in paths[:20]:
        if not call.shell.files.exists(path, call.shell.access):
            call.print_error(f"dpkg: error: cannot access archive '{path}': No such file or directory")
            return 2
        call.print_error(f"dpkg-deb: error: '{path}' is not a Debian format archive")
        call.print_error(f"dpkg: error processing archive {path} (--install):")
        call.print_error(" dpkg-deb --control subprocess returned error exit status 2")
        call.print_error(f"Errors were encountered while processing:\n {path}")
    return 1


_OWNERS = {
    "bash": "bash sh", "curl": "curl", "wget": "wget",
    "openssh-server": "sshd", "openssh-client": "ssh scp sftp ssh-keygen",
    "procps": "ps top free kill pgrep pkill uptime vmstat w", "iproute2": "ip ss",
    "net-tools": "netstat ifconfig route",
    "passwd": "passwd chpasswd useradd usermod userdel", "login": "login su", "util-linux": "mount umount lsblk dmesg",
    "sudo": "sudo", "systemd": "systemctl journalctl", "cron": "cron crontab", "grep": "grep egrep fgrep", "sed": "sed",
    "tar": "tar", "gzip": "gzip gunzip zcat", "findutils": "find xargs", "mawk": "mawk", "python3-minimal": "python3",
    "perl-base": "perl", "openssl": "openssl", "dpkg": "dpkg dpkg-query", "apt": "apt apt-get",
}  # fmt: skip


def _owner(call: Call, path: str) -> str:
    """Return the package of a program that is there; empty where it is of none that is known."""
    name = path.rpartition("/")[2]
    if not path.startswith(("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")) or not call.shell.files.exists(path):
        return ""
    found = next((owner for owner, names in _OWNERS.items() if name in names.split()), "")
    version = version_of(call.shell.machine.persona, name) or ""
    return found or ("coreutils" if "coreutils" in version else "")


def _files(call: Call, names: list[str], known: dict[str, str]) -> int:
    searched = {"-S", "--search"} & set(call.args)
    for name in names:
        owner = _owner(call, name) if searched else ""
        if owner:
            call.print(f"{owner}: {name}")
            continue
        if name not in known and searched:
            call.print_error(
                f"dpkg-query: no path found matching pattern {name[:256] if '/' in name else f'*{name[:256]}*'}"
            )
            return 1
        if name not in known:
            call.print_error(f"dpkg-query: package '{name[:64]}' is not installed")
            call.print_error("Use dpkg --contents (= dpkg-deb --contents) to list archive files contents.")
            return 1
        call.print(f"/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/{name}")
    return 0


def _listed(call: Call, patterns: list[str], known: dict[str, str]) -> int:
    rows = [
        (name, version)
        for name, version in known.items()
        if not patterns or any(matches(name, one) for one in patterns[:16])
    ]
    if not rows:
        for pattern in patterns:
            call.print_error(f"dpkg-query: no packages found matching {pattern[:64]}")
        return 1
    wide = [max(14, *(len(name) for name, _ in rows)), max(12, *(len(version) for _, version in rows))]
    call.print("Desired=Unknown/Install/Remove/Purge/Hold")
    call.print("| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend")
    call.print("|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)")
    call.print(f"||/ {'Name':<{wide[0]}} {'Version':<{wide[1]}} Architecture Description")
    call.print(f"+++-{'=' * wide[0]}-{'=' * wide[1]}-============-=================================")
    for name, version in rows:
        call.print(f"ii  {name:<{wide[0]}} {version:<{wide[1]}} amd64        {name}")
    return 0


def _queried(call: Call, names: list[str], known: dict[str, str]) -> int:
    layout = next(
        (after for arg, after in zip(call.args, call.args[1:], strict=False) if arg == "-f"), "${Package}\t${Version}\n"
    )
    joined = next((arg for arg in call.args if arg.startswith(("-f=", "--showformat="))), "")
    layout = joined.partition("=")[2] or layout
    names = [name for name in names if name != layout]
    status = 0
    for name in names or list(known):
        if name not in known:
            call.print_error(f"dpkg-query: no packages found matching {name[:64]}")
            status = 1
            continue
        values = {"Package": name, "binary:Package": name, "Version": known[name], "Architecture": "amd64",
                  "Status": "install ok installed", "db:Status-Abbrev": "ii "}  # fmt: skip
        text = re.sub(r"\$\{([A-Za-z:-]{1,32})(?:;-?\d{1,3})?\}", lambda match: values.get(match[1], ""), layout[:512])  # noqa: B023
        call.print(unescape(text)[0], end="")
    return status


def _status(call: Call, names: list[str], known: dict[str, str]) -> int:
    status = 0
    for name in names:
        if name not in known:
            call.print_error(f"dpkg-query: package '{name[:64]}' is not installed and no information is available")
            call.print_error("Use dpkg --info (= dpkg-deb --info) to examine archive files.")
            status = 1
            continue
        essential = "Essential: yes\n" if f"|{name} " in f"|{ESSENTIAL}".replace("\n", "|") else ""
        call.print(f"Package: {name}\n{essential}Status: install ok installed\nPriority: optional\nSection: admin")
        call.print(f"Maintainer: Debian Developers\nArchitecture: amd64\nVersion: {known[name]}\nDescription: {name}\n")
    return status


_DPKG_ACTIONS = {
    "--print-architecture": _architecture, "--version": _version, "-l": _listed, "--list": _listed, "-W": _queried,
    "--show": _queried, "-s": _status, "--status": _status, "-L": _files, "--listfiles": _files, "-S": _files,
    "--search": _files, "-i": lambda call, words, _known: _installed(call, words),
    "--install": lambda call, words, _known: _installed(call, words), "-r": _removed, "--remove": _removed,
    "-P": _removed, "--purge": _removed, "--get-selections": _selections, "--compare-versions": _compared,
    "-c": refused_archive, "--contents": refused_archive, "-I": refused_archive, "--info": refused_archive,
    "-x": refused_archive, "--extract": refused_archive,
    "-V": _nothing, "--verify": _nothing, "--configure": _nothing, "-C": _nothing, "--audit": _nothing,
    "--set-selections": _nothing, "--clear-selections": _nothing, "--add-architecture": _nothing,
    "--print-foreign-architectures": _nothing, "--update-avail": _nothing,
}  # fmt: skip
"""What dpkg does with the words after each of its actions."""
