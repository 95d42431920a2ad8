# SPDX-License-Identifier: MIT
"""Commands about software: apt, dpkg, systemctl, service, crontab, docker, interpreters and editors."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Requested, turn
from decnet_decoys.shell.machine.filesystem import KERNEL
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import ROOT, whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape


@command("apt", "apt-get", "aptitude", families=("debian",))
def apt(call: Call) -> Effects:
    """Fail to reach the mirrors, after some time."""
    verb = next((arg for arg in call.args if not arg.startswith("-")), "")
    names = call.words[1:]
    if verb == "list":
        call.print("Listing... Done")
        for package in call.shell.machine.persona.packages:
            name, _, version = package.partition(" ")
            call.print(f"{name}/stable,now {version} amd64 [installed]")
        return 0
    if call.shell.identity.uid != 0:
        call.print_error("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)")
        call.print_error("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?")
        return 100
    if names:
        yield Requested("install", {"program": call.name, "packages": " ".join(names)[:2048]})
    return (yield from _unreachable(call, verb, names))


def _unreachable(call: Call, verb: str, names: list[str]) -> Effects:
    ubuntu = "Ubuntu" in call.shell.machine.persona.os
    mirror, suite = ("archive.ubuntu.com/ubuntu", "jammy") if ubuntu else ("deb.debian.org/debian", "bookworm")
    host = mirror.partition("/")[0]
    if verb in ("update", "upgrade", "full-upgrade", "dist-upgrade"):
        yield Pause(2.0)
        call.print(f"Err:1 http://{mirror} {suite} InRelease\n  Temporary failure resolving '{host}'")
        call.print("Reading package lists... Done")
        call.print_error(
            f"W: Failed to fetch http://{mirror}/dists/{suite}/InRelease  Temporary failure resolving '{host}'"
        )
        return 0
    call.print("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done")
    yield Pause(0.8)
    if verb == "install" and names:
        call.print_error(f"E: Unable to locate package {names[0]}")
        return 100
    return 0


@command("dpkg", "rpm", "snap", families=("debian",))
def dpkg(call: Call) -> int:
    if call.name == "rpm":
        return call.fail("RPM should not be used directly install RPM packages, use Alien instead!")
    if not {"l", "list"} & call.flags()[0].keys():
        return call.fail("error: need an action option", 2) if call.name == "dpkg" and not call.args else 0
    call.print("Desired=Unknown/Install/Remove/Purge/Hold")
    call.print("| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend")
    call.print("|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)")
    call.print("||/ Name                 Version                    Architecture Description")
    call.print(f"+++-{'=' * 20}-{'=' * 26}-{'=' * 12}-{'=' * 32}")
    for package in call.shell.machine.persona.packages:
        name, _, version = package.partition(" ")
        call.print(f"ii  {name:<20} {version:<26} amd64        {name}")
    return 0


@command("systemctl", "service", "initctl", "update-rc.d", "rc-service", families=("debian",))
def systemctl(call: Call) -> int:
    """Show services; root may start and stop them, without effect."""
    words = call.words
    if call.name == "service":
        words = words[1:2] + words[:1]
    verb = words[0] if words else "list-units"
    services = _services(call)
    if verb.startswith("list"):
        call.print("  UNIT                    LOAD   ACTIVE SUB     DESCRIPTION")
        for name in services:
            call.print(f"  {name + '.service':<23} loaded active running {name}")
        return 0
    unit = words[1].removesuffix(".service") if len(words) > 1 else ""
    if verb in ("daemon-reload", "reset-failed"):
        return 0
    known = call.shell.files.exists(f"/etc/systemd/system/{unit}.service") or unit in services
    if not known:
        return _no_unit(call, verb, unit)
    if verb == "status":
        call.print(
            f"● {unit}.service - {unit}\n"
            f"     Loaded: loaded (/lib/systemd/system/{unit}.service; enabled; preset: enabled)"
        )
        call.print("     Active: active (running)")
    elif verb == "is-active":
        call.print("active")
    elif call.shell.identity.uid != 0:
        return call.fail(f"Failed to {verb} {unit}.service: Access denied", 4)
    return 0


def _services(call: Call) -> list[str]:
    found = [socket.process for socket in call.shell.machine.persona.listeners] + ["cron", "systemd-journald"]
    return sorted({name.replace("sshd", "ssh") for name in found if name})


def _no_unit(call: Call, verb: str, unit: str) -> int:
    if verb == "is-active":
        call.print("inactive")
        return 3
    if verb == "status":
        call.print_error(f"Unit {unit}.service could not be found.")
        return 4
    call.print_error(f"Failed to {verb} {unit}.service: Unit {unit}.service not found.")
    return 5


@command("crontab")
def crontab(call: Call) -> Effects:
    """List, replace or remove the user's table."""
    shell = call.shell
    table = f"/var/spool/cron/crontabs/{shell.user.name}"
    options, operands = call.flags("u")
    if {"l", "r"} & options.keys():
        if not shell.files.exists(table):
            call.print_error(f"no crontab for {shell.user.name}")
            return 1
        if "l" in options:
            call.out.write(whole_of(shell.files.read(table)))
        else:
            shell.files.remove(table, KERNEL)
        return 0
    if "e" in options:
        return call.fail("no editor available")
    found = yield from call.sources(operands)
    status = 1
    for source in found:
        with shell.forked():
            shell.identity = ROOT
            yield from call.runner.save(table, source.whole())
        status = 0
        yield from turn()
    return status


@command("docker", "kubectl", "podman", "git", "make", "gcc", "cc", "g++", "tcc", "go", "npm", "node", "pip", "pip3",
         "mysql", "psql", "redis-cli", "mongo", "java", "php", "ruby", "unzip", "screen", "tmux", "nmap", "masscan",
         "zip", "certbot", "mysqldump", "pg_dump", "openssl", "gpg", "at", "vim", "nano", "lwp-request",
         folder="")  # fmt: skip
def absent(call: Call) -> int:
    """Act as a program that is not installed."""
    persona = call.shell.machine.persona
    installed = any(call.name in package.split(" ")[0] for package in persona.packages)
    if installed and call.name in ("vim", "certbot"):
        return 0
    if persona.family == "busybox":
        call.shell_error(f"{call.name}: not found")
    else:
        call.shell_error(f"{call.name}: command not found")
    return 127


@command("vi", "ed")
def edit(call: Call) -> int:
    """Refuse to edit on this terminal."""
    return call.fail(
        "terminal too dumb to run an editor" if call.shell.terminal else "standard input is not a terminal"
    )


_PRINT = re.compile(
    r"""\s*print\s*(?:\(\s*)?(?P<mark>["'])(?P<text>[^"'$@{%]{0,4096})(?P=mark)\s*(?:\)\s*)?(?:;\s*)?"""
)
"""A program that prints a literal: what an intruder tries first, to see whether anything runs."""


@command("python", "python3", "perl", "python2", families=("debian",))
def python(call: Call) -> Effects:
    """Tell the version; print what a program of one `print` prints, and say nothing for any other: none is run."""
    options, operands = call.flags("cmeVE")
    if {"V", "version", "v"} & options.keys():
        ubuntu = "Ubuntu" in call.shell.machine.persona.os
        number = 34 if ubuntu else 36
        perl = (
            f"\nThis is perl 5, version {number}, subversion 0 (v5.{number}.0) built for x86_64-linux-gnu-thread-multi"
        )
        call.print(perl if call.name == "perl" else f"Python {'3.10.12' if ubuntu else '3.11.2'}")
        return 0
    if operands and call.open(operands[0]) is None:
        return 2
    if (
        not operands
        and not {"c", "e", "m"} & options.keys()
        and (call.stdin is not None or call.shell.terminal is None)
    ):
        yield from call.input()
    yield Pause(0.1)
    printed = _PRINT.fullmatch(options.get("c") or options.get("e") or "")
    if printed is not None:
        text, _ = unescape(printed["text"])
        call.print(text, end="" if call.name == "perl" else "\n")
    return 0


@command("bzip2", "xz", "bunzip2", "unxz")
def packed_otherwise(call: Call) -> int:
    """Find that a file is not in the format."""
    for path in call.words:
        if not call.shell.files.exists(path, call.shell.access):
            return call.fail(
                f"Can't open input file {path}: No such file or directory."
                if "z2" in call.name
                else f"{path}: No such file or directory"
            )
        return call.fail(
            f"{path} is not a bzip2 file." if "z2" in call.name else f"{path}: File format not recognized", 2
        )
    return 0


@command("sync", "ldconfig", "update-grub", "logger", "chattr", "setenforce", "auditctl", "renice", "ulimit-n",
         "mkfifo", "mktemp")  # fmt: skip
def silent(call: Call) -> int:
    """Succeed without output, as these programs do."""
    if call.name == "mktemp":
        path = f"/tmp/tmp.{call.shell.pid:x}{call.shell.now % 4096:03x}Qx"  # noqa: S108  # in the decoy's memory
        try:
            call.shell.files.write(path, b"", call.shell.access)
        except FileSystemError as error:
            return call.fail(f"failed to create file: {error}")
        call.print(path)
    return 0


@command("lsattr", families=("debian",))
def lsattr(call: Call) -> Effects:
    """Show attributes of ext4: none but that files have extents."""
    _, operands = call.flags()
    status = 0
    for path in operands or ["."]:
        yield from turn()
        if call.shell.files.exists(path, call.shell.access):
            call.print(f"--------------e------- {path}")
        else:
            status = call.fail(f"{NOT_FOUND} while trying to stat {path}")
    return status


@command("journalctl", families=("debian",))
def journalctl(call: Call) -> int:
    """Show the attacker's own login, as the newest entries would."""
    shell = call.shell
    when = shell.date("%b %d %H:%M:%S", shell.now - 1)
    host, user, daemon = shell.machine.hostname, shell.user.name, shell.origin.daemon
    logged = f"{when} {host} {daemon}[{shell.pid - 12}]:"
    call.print(f"{logged} {shell.origin.login_message}")
    call.print(f"{logged} pam_unix({daemon}:session): session opened for user {user}(uid={shell.user.uid}) by (uid=0)")
    call.print(f"{when} {host} systemd-logind[498]: New session 4 of user {user}.")
    return 0


@command("man", "help", "info")
def man(call: Call) -> int:
    """Report that there is no manual page."""
    topic = call.args[0] if call.args else ""
    call.print(f"No manual entry for {topic}" if topic else "What manual page do you want?")
    return 16
