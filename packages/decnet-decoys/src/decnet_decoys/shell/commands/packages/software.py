# SPDX-License-Identifier: MIT
"""Small tools of administration (crontab, run-parts, chattr, journalctl, man) and programs that are not installed."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.permissions import below
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import APPENDED_ONLY, IMMUTABLE, ROOT, whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile


@command("crontab")
def crontab(call: Call) -> Effects:
    """List, replace or remove the user's table."""
    shell = call.shell
    options, operands = call.flags("u")
    name = options.get("u", shell.user.name)[:64]
    if "u" in options and shell.identity.uid != 0:
        call.print_error("must be privileged to use -u")
        return 1
    if shell.account(name) is None:
        call.print_error(f"crontab:  user `{name}' unknown")
        return 1
    table = f"/var/spool/cron/crontabs/{name}"
    if {"l", "r"} & options.keys():
        if not shell.files.exists(table):
            call.print_error(f"no crontab for {name}")
            return 1
        if "l" in options:
            call.out.write(whole_of(shell.files.read(table)))
        else:
            shell.files.remove(table, KERNEL)
        return 0
    if "e" in options:
        return call.fail("no editor available")
    return (yield from _replaced(call, table, operands))


def _replaced(call: Call, table: str, operands: list[str]) -> Effects:
    """Put a file, or standard input, in the table's place if it is a crontab."""
    shell = call.shell
    if not operands and call.stdin is None and shell.terminal is None:
        call.print_error("crontab: usage error: file name or - (for stdin) must be specified")
        return 1
    if operands and operands[0] != "-" and not shell.files.exists(operands[0], shell.access):
        call.print_error(f"{operands[0]}: {NOT_FOUND}")
        return 1
    found = yield from call.sources(operands)
    for source in found:
        wrong = yield from _wrong_line(source)
        if wrong is not None:
            name = operands[0] if operands else "-"
            call.print_error(f'"{name}":{wrong}\nerrors in crontab file, can\'t install.')
            return 1
        with shell.forked():
            shell.identity = ROOT
            shell.files.write(table, b"", KERNEL)  # one without lines is a table, too
            yield from call.runner.save(table, source.whole())
            owner, group = shell.account(table.rpartition("/")[2]), shell.machine.groups.get("crontab", 0)
            shell.files.change(table, KERNEL, mode=0o600, gid=group, uid=owner.uid if owner is not None else 0)
        yield from turn()
    return int(not found)


_SETTING = re.compile(r"\s*(#|$|[A-Za-z_]\w*\s*=|@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)\s+\S)")
_FIELDS = {"minute": (0, 59), "hour": (0, 23), "day-of-month": (1, 31), "month": (1, 12), "day-of-week": (0, 7)}
"""The least and the most number of each."""
_FIELD = re.compile(r"[0-9a-zA-Z*/,-]{1,128}")


def _beyond(name: str, field: str) -> bool:
    """Return whether a number in a field is none that it may have; what follows a slash is a step."""
    least, most = _FIELDS[name]
    numbers = re.findall(r"(?<![/\d])\d+", field)
    return any(not least <= int(number[:6]) <= most for number in numbers)


def _wrong_line(source: InputFile) -> Steps[str | None]:
    """Return number and fault of the first line that is none of a crontab (crontab(5)), None when all are."""
    for number, line in enumerate(source.lines()):
        yield from turn()
        text = line[:1024].decode("utf-8", "replace")
        if _SETTING.match(text):
            continue
        fields = text.split(None, 5)
        for name, field in zip(_FIELDS, (*fields, *[""] * 5), strict=False):
            named = name in ("month", "day-of-week")
            if (
                not _FIELD.fullmatch(field)
                or (not named and any(one.isalpha() for one in field))
                or _beyond(name, field)
            ):
                return f"{number + (fields[-1:] == [field])}: bad {name}"  # the end of the line has been read, or not
        if len(fields) < 6:
            return f"{number}: bad command"
    return None


_RUN_PARTS_NAME = re.compile(r"[\w-]{1,255}")


@command("run-parts", families=("debian",))
def run_parts(call: Call) -> Effects:
    """Run the programs of a directory in their order, or only name them (--test, --list)."""
    folder = next(iter(call.words), "")
    if not folder:
        call.print_error("run-parts: missing operand\nTry `run-parts --help' for more information.")
        return 1
    files, access = call.shell.files, call.shell.access
    try:
        names = sorted(files.names(files.enter(folder, access)))
    except FileSystemError as error:
        return call.fail(f"failed to open directory {folder}: {error}")
    status = 0
    for name in filter(_RUN_PARTS_NAME.fullmatch, names):
        yield from turn()
        path = f"{folder.rstrip('/')}/{name}"
        try:
            entry = files.stat(path, access)
        except FileSystemError as error:
            status = call.fail(f"failed to stat component {path}: {error}")
            continue
        if entry.kind != "file" or ("--list" not in call.args and not entry.mode & 0o111):
            continue
        if {"--test", "--list"} & set(call.args):
            call.print(path)
        else:
            code = yield from call.runner.execute([path], call.streams, program=True)
            status = call.fail(f"{path} exited with return code {code}") if code else status
    return status


@command("docker", "kubectl", "podman", "git", "make", "gcc", "cc", "g++", "tcc", "go", "npm", "node", "pip", "pip3",
         "mysql", "psql", "redis-cli", "mongo", "java", "php", "ruby", "unzip", "screen", "tmux", "nmap", "masscan",
         "zip", "certbot", "mysqldump", "pg_dump", "gpg", "at", "vim", "lwp-request",
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


@command("sync")
def silent(_call: Call) -> int:
    """Succeed without output, as it does."""
    return 0


_FACILITIES = frozenset(
    ("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "security", "syslog", "user", "uucp",
     *(f"local{number}" for number in range(8)))
)  # fmt: skip
_PRIORITIES = frozenset(
    ("emerg", "panic", "alert", "crit", "err", "error", "warning", "warn", "notice", "info", "debug")
)


@command("logger")
def logger(call: Call) -> int:
    """Take a message for the log, unless its facility or priority is none."""
    asked = call.flags("fiInpPtuTdS")[0].get("p", "")
    facility, dot, priority = asked.rpartition(".")
    for name, known, kind in ((facility, _FACILITIES, "facility"), (priority, _PRIORITIES, "priority")):
        if asked and (dot or kind == "priority") and name not in known and not name.isdecimal():
            return call.fail(f"unknown {kind} name: {name[:64]}")
    return 0


MAX_CHANGES = 16
"""Arguments of chattr that say what is changed."""


CHANGED = "aAcCdDeijPsStTuFxRVf"
"""Letters of attributes and options that chattr takes (chattr(1))."""


@command("chattr", families=("debian",))
def chattr(call: Call) -> Effects:
    """Set and remove the attributes i and a of files, with which even root cannot change them."""
    files, access, status = call.shell.files, call.shell.access, 0
    paths = [arg for arg in call.args if not arg.startswith(("-", "+", "="))]
    changes = [arg for arg in call.args if arg not in (*paths, "-R", "-f", "-V")][:MAX_CHANGES]
    if paths and not changes:
        call.print_error("Must use '-v', =, - or +")
        return 1
    if not paths:
        call.print_error("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...")
        return 1
    if any(letter not in CHANGED for change in changes for letter in change[1:]):
        call.print_error("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...")
        return 1
    for path in below(call, paths) if "-R" in call.args else paths:
        yield from turn()
        try:
            attributes = files.stat(path, access).mode & (IMMUTABLE | APPENDED_ONLY)
        except FileSystemError:
            status = call.fail(f"{NOT_FOUND} while trying to stat {path}")
            continue
        for change in changes:
            named = (IMMUTABLE if "i" in change else 0) | (APPENDED_ONLY if "a" in change else 0)
            attributes = attributes | named if change[0] == "+" else attributes & ~named if change[0] == "-" else named
        try:
            files.set_attributes(path, access, attributes)
        except FileSystemError as error:
            status = call.fail(f"{error} while setting flags on {path}")
    return status


_GETCAP_USAGE = """\
usage: getcap [-h] [-l] [-n] [-r] [-v] <filename> [<filename> ...]

\tdisplays the capabilities on the queried file(s)."""
_CAPABLE = "/usr/bin/ping"


@command("getcap", folder="/usr/sbin", families=("debian",))
def getcap(call: Call) -> Effects:
    """Show which files have capabilities: of those that Debian installs, ping."""
    if not call.words:
        call.print_error(_GETCAP_USAGE)
        return 1
    files, recursive = call.shell.files, any("r" in arg for arg in call.args if arg.startswith("-"))
    for path in call.words[:100]:
        yield from turn()
        try:
            resolved = files.locate(path, call.shell.access)
            files.stat(resolved)
        except FileSystemError as error:
            call.print_error(f"{path} ({error})")
            continue
        below = recursive and _CAPABLE.startswith(resolved.rstrip("/") + "/")
        if (resolved == _CAPABLE or below) and files.exists(_CAPABLE):
            shown = path if not below else path.rstrip("/") + _CAPABLE[len(resolved.rstrip("/")) :]
            call.print(f"{shown} cap_net_raw=ep")
    return 0


@command("lsattr", families=("debian",))
def lsattr(call: Call) -> Effects:
    """Show attributes of ext4: that files have extents, and what chattr has set."""
    _, operands = call.flags()
    status = 0
    for path in operands or ["."]:
        yield from turn()
        try:
            mode = call.shell.files.stat(path, call.shell.access).mode
        except FileSystemError:
            status = call.fail(f"{NOT_FOUND} while trying to stat {path}")
            continue
        flags = ("i" if mode & IMMUTABLE else "-") + ("a" if mode & APPENDED_ONLY else "-")
        call.print(f"----{flags}--------e------- {path}")
    return status


@command("journalctl", families=("debian",))
def journalctl(call: Call) -> int:
    """Show the attacker's own login, as the newest entries would; tell of room, or make some."""
    found = options(call, "aefn:rqo:xlkmbu:t:p:g:U:S:c:D:M:F:Nhi:", _JOURNALCTL)
    shell = call.shell
    if "disk" in found:
        call.print("Archived and active journals take up 48.0M in the file system.")
        return 0
    if "vacuum" in found or "rotate" in found:
        if shell.identity.uid != 0:
            return call.fail("Failed to connect to journal: Permission denied")
        if "vacuum" in found:
            call.print_error("Vacuuming done, freed 0B of archived journals from /var/log/journal.")
        return 0
    if "boots" in found:
        when = shell.date("%a %Y-%m-%d %H:%M:%S UTC", shell.machine.booted)
        call.print("IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY")
        call.print(f"  0 {'7c' * 16} {when} {shell.date('%a %Y-%m-%d %H:%M:%S UTC')}")
        return 0
    count = found.last("n")[:6]
    most = int(count) if count.isdecimal() else 10
    when = shell.date("%b %d %H:%M:%S", shell.now - 1)
    host, user, daemon = shell.machine.hostname, shell.user.name, shell.origin.daemon
    logged = f"{when} {host} {daemon}[{shell.pid - 12}]:"
    lines = [
        f"{logged} {shell.origin.login_message}",
        f"{logged} pam_unix({daemon}:session): session opened for user {user}(uid={shell.user.uid}) by (uid=0)",
    ]
    unit = found.last("u").removesuffix(".service")
    if unit in ("", "systemd-logind"):
        lines = [*(lines if not unit else []), f"{when} {host} systemd-logind[498]: New session 4 of user {user}."]
    if unit not in ("", "ssh", "sshd", "systemd-logind") or "k" in found:
        call.print("-- No entries --")
        return 0
    for line in lines[max(0, len(lines) - most) :]:
        call.print(line)
    return 0


_JOURNALCTL = {
    "all": "a", "pager-end": "e", "follow": "f", "lines": "n?", "reverse": "r", "quiet": "q", "output": "o:",
    "catalog": "x", "no-pager": "pager", "no-full": "full", "full": "l", "dmesg": "k", "merge": "m", "boot": "b?",
    "unit": "u:", "user-unit": "user-unit:", "identifier": "t:", "priority": "p:", "grep": "g:", "since": "S:",
    "until": "U:", "no-hostname": "no-hostname", "utc": "utc", "no-tail": "tail", "system": "system", "user": "user",
    "disk-usage": "disk", "vacuum-size": "vacuum:", "vacuum-time": "vacuum:", "vacuum-files": "vacuum:",
    "rotate": "rotate", "flush": "rotate", "sync": "rotate", "relinquish-var": "rotate", "list-boots": "boots",
    "directory": "D:", "file": "i:", "root": "root:", "verify": "verify", "facility": "facility:", "header": "header",
    "cursor": "c:", "fields": "N", "field": "F:", "help": "h", "version": "version",
}  # fmt: skip


@command("man")
def man(call: Call) -> int:
    """Report that there is no manual page."""
    topic = call.args[0] if call.args else ""
    if not topic:
        call.print_error("What manual page do you want?\nFor example, try 'man man'.")
        return 1
    call.print_error(f"No manual entry for {topic}")
    return 16


@command("whatis", "apropos", families=("debian",))
def whatis(call: Call) -> int:
    """Report that nothing is known of a topic."""
    if not call.words:
        call.print_error(f"{call.name} what?")
        return 1
    for topic in call.words[:20]:
        call.print_error(f"{topic}: nothing appropriate.")
    return 16
