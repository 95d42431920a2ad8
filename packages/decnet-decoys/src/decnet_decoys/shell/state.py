# SPDX-License-Identifier: MIT
"""The state of one login's shell between commands: user, directory, variables, functions, history."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from weakref import ref

from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.personas.schema import User
from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.encoding import encode, with_plain_quotes
from decnet_decoys.shell.environment import ash
from decnet_decoys.shell.environment.dash import in_words_of_dash
from decnet_decoys.shell.environment.history import History
from decnet_decoys.shell.environment.kernel_files import KernelFiles
from decnet_decoys.shell.environment.language import OPTION_OF
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.environment.process_files import ProcFiles, ShellProcess
from decnet_decoys.shell.environment.time_zones import zone_of
from decnet_decoys.shell.environment.variables import Variables
from decnet_decoys.shell.interactive import nesting, prompts
from decnet_decoys.shell.interactive.first_variables import exported_at_first, first_variables
from decnet_decoys.shell.jobs import Jobs
from decnet_decoys.shell.machine.access import Access
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.machine.files.live_files import Running, mounted, node_name, noise, uptime, zeros
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import Overlay
from decnet_decoys.shell.machine.tree import Filler, Identity

FURTHEST = 1 << 55
"""The Unix time, in seconds from 1970 either way, beyond which there is no date: years are of 32 bits (struct tm)."""


class ShellState(Variables):
    """One login's state; pure data that programs read and change, it runs nothing."""

    def __init__(
        self,
        machine: Machine,
        user: User,
        clock: Callable[[], float],
        origin: Origin,
        *,
        terminal: str | None = None,
        columns: int = 80,
        lease: MemoryLease | None = None,
        overlay: Overlay | None = None,
        command: str | None = None,
    ) -> None:
        """`command` is what it was started to run; without one it is a login shell."""
        super().__init__()
        self.machine, self.clock, self.origin = machine, clock, origin
        self.kind = "ash" if machine.persona.family == "busybox" else "bash"
        self.terminal = terminal
        """Value of TERM; None without a terminal."""
        self.columns = columns
        self.rows = 24
        self.command = command
        overlay = overlay or Overlay(machine)
        self.files = overlay.files
        self.files.binds = machine.condition.binds
        self._users: tuple[object, object, list[User]] | None = None
        self.lease = lease or overlay.lease
        self.files.live["/proc/uptime"] = partial(uptime, machine, clock)  # the overlay must not keep this shell
        self.files.live["/proc/sys/kernel/hostname"] = partial(node_name, machine)
        for path in ("/proc/mounts", "/proc/self/mounts"):
            self.files.live[path] = partial(mounted, machine)
        self.host = machine.hostname
        """The name at the start, which is what a shell's prompt shows."""
        running = self.running = Running("bash" if machine.persona.family == "debian" else "busybox")
        self.files.live["/proc/self/comm"], self.files.live["/proc/self/cmdline"] = running.comm, running.cmdline
        self.files.live_links["/proc/self/exe"] = running.exe
        self.files.live_links["/proc/self/cwd"] = running.directory
        self.files.live["/dev/zero"] = self.files.live["/dev/full"] = zeros
        self.files.live["/dev/urandom"] = self.files.live["/dev/random"] = partial(noise, count())
        self.opened: dict[str, bytes] = {}
        """What is read under the names of process substitutions."""
        self.called = ""
        """The name by which such a shell was begun."""
        self.typed_lines = 0
        """Lines that were typed at it before, which dash counts."""
        self.pipes: dict[str, bytes] = {}
        """What was written to named pipes and not read yet."""
        self.stack: list[str] = []
        """Where `popd` goes back to."""
        self.began = int(clock())
        self._drawn = int(clock() * 1000) % 100_003
        self.history = History()
        self.on_changed: Callable[[], None] | None = None
        """Called when a line has ended: what it changed is to take effect."""
        self.on_bait: Callable[[str, str], None] | None = None
        """Called with path and canary token when a planted file is read."""
        self.pid = 28_000 + int(clock()) % 3_000
        self.jobs = Jobs(self.pid + 7)
        self.become(user)
        self._show_processes()

    def _show_processes(self) -> None:
        """Let /proc show this shell as a process, as long as it is there."""
        if self.machine.persona.family != "debian":
            return
        own = ShellProcess(self.pid, "bash", self.user.uid, ref(self))  # which the overlay must not keep
        self.files.shown = ProcFiles(self.machine.tree, KernelFiles(self.machine), own, self.running)

    @property
    def command_line(self) -> bytes:
        """What the shell was started with (proc(5), cmdline), bounded."""
        words = ["-bash"] if self.command is None else ["bash", "-c", self.command]
        return b"".join(encode(word[:4096]) + b"\0" for word in words)

    @property
    def environment(self) -> bytes:
        """What programs get as their environment (environ(7)), bounded."""
        pairs = [f"{name}={self.variables[name]}" for name in list(self.variables) if name in self.exported]
        return b"".join(encode(pair) + b"\0" for pair in pairs)[:MAX_WORD]

    def become(self, user: User) -> None:
        """Log in as `user`: identity, home and environment."""
        self.user = user
        self.identity = Identity(user.uid, frozenset((user.gid,)))
        self.own_groups = self.groups_of(user)
        """Groups of the processes of this login, which later changes of the files leave as they are."""
        self.cwd = user.home if self.files.exists(user.home) else "/"
        self.variables = first_variables(self, user)
        self.exported = exported_at_first(self)
        self._characters = 0
        if self.terminal and self.command is None and user.shell.endswith("bash"):
            self.history.read(self.files, f"{user.home}/.bash_history")

    def random(self) -> int:
        """Return what $RANDOM is now: another each time."""
        self._drawn = (self._drawn * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return self._drawn >> 8 & 0x7FFF

    @property
    def now(self) -> int:
        """Unix time in seconds."""
        return int(self.clock())

    def date(self, layout: str, moment: int | None = None) -> str:
        """Return Unix time `moment`, now when None, in a layout of strftime(3); the machine's clock shows UTC."""
        shown = self.now if moment is None else max(-FURTHEST, min(moment, FURTHEST))
        return time.strftime(layout, time.gmtime(shown))

    @property
    def zone(self) -> tuple[str, int]:
        """Name and offset from UTC in seconds of $TZ where that has no summer time, else of UTC."""
        return zone_of(self.variables.get("TZ", "") if "TZ" in self.exported else "")

    @property
    def directory(self) -> str:
        """The working directory by the name under which it was entered, as bash shows it."""
        named = self.variables.get("PWD", "")
        if named == self.cwd or not named.startswith("/"):
            return self.cwd
        try:
            return named if self.files.locate(named) == self.cwd else self.cwd
        except FileSystemError:
            return self.cwd

    @property
    def access(self) -> Access:
        """As whom and from where the shell's programs use the files."""
        return Access(self.identity, self.cwd, self.now, self.on_bait, self.umask)

    @property
    def prompt(self) -> str:
        """The prompt as bash, or BusyBox's ash, shows it."""
        return prompts.shell_prompt(self)

    def in_locale(self, text: str) -> str:
        """Return what a program says, with the quotation marks of its locale."""
        given = (self.variables.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG") if name in self.exported)
        locale = next(filter(None, given), "C")
        return with_plain_quotes(text) if locale in ("C", "POSIX") else text

    @property
    def is_typed_at(self) -> bool:
        """Whether it is an interactive shell, and no script that one runs."""
        return self.terminal is not None and self.command is None and not self.script and not self.string

    @property
    def name(self) -> str:
        """What $0 is."""
        if self.called:
            return self.called
        shell = "sh" if self.machine.persona.family == "busybox" else "bash"
        return shell if self.command is not None else f"-{shell}"

    @property
    def flags(self) -> str:
        """What $- is."""
        interactive, given = self.command is None and self.terminal is not None, self.options
        if self.dash:
            own = {letter for letter, name in OPTION_OF.items() if name in given} | set(
                "ims" if self.is_typed_at else ""
            )
            return "".join(one for one in "efIimnsxvVEabuC" if one in own)
        found = (
            {letter for letter, name in OPTION_OF.items() if name in given}
            | {"h", "B"}
            | ({"i", "m", "H"} if interactive else set())
        )
        return "".join(one for one in "abefhikmnpuvxBCEHPT" if one in found) + ("s" if interactive else "c")

    @property
    def error_prefix(self) -> str:
        """What the shell's own error messages begin with."""
        if self.dash:
            return f"{self.script or self.name}: {self.line}"
        if self.ash:
            return ash.prefix(self.script or self.name, self.line)
        if self.script:
            return f"{self.script}: line {self.line}"
        if self.is_typed_at or self.name != "bash":
            return self.name
        return f"environment: line {self.line}" if self._scopes else f"bash: line {self.line}"

    def complaint(self, message: str) -> str:
        """Return a message of the shell with what it begins with."""
        if self.ash:
            counts = not self.string and self.command is None
            return ash.complaint(message, self.script or self.name, self.line, counts=counts, typed_at=self.is_typed_at)
        return f"{self.error_prefix}: {in_words_of_dash(message) if self.dash else message}"

    @property
    def users(self) -> list[User]:
        """The accounts of the machine as its files have them now."""
        files = self.files
        passwd, group = (files.entry(path) for path in ("/etc/passwd", "/etc/group"))
        if self._users is None or self._users[0] is not passwd or self._users[1] is not group:
            self._users = passwd, group, account_files.users(files)
        return self._users[2]

    def password_is(self, user: User, given: str) -> bool:
        """Return whether it is the account's password."""
        field = account_files.shadow(self.files).get(user.name, "*")
        return bool(given) and self.machine.secrets.get(field) == given

    def groups_of(self, user: User) -> dict[str, int]:
        """Return the user's groups and their numbers, the first one first."""
        groups = account_files.groups(self.files)
        first = next((name for name, (number, _) in groups.items() if number == user.gid), str(user.gid))
        members = {name: number for name, (number, names) in groups.items() if user.name in names}
        return {first: user.gid} | members

    def account(self, name: str) -> User | None:
        """Return the account `name` of the machine as this attacker changed it."""
        return next((user for user in self.users if user.name == name), None)

    def account_of(self, uid: str) -> User | None:
        """Return the account with that number, as it is written."""
        return next((user for user in self.users if str(user.uid) == uid), None)

    def owner_name(self, uid: int) -> str:
        """Return the name of the account `uid`, the number when there is none."""
        return next((user.name for user in self.users if user.uid == uid), str(uid))

    def keep_history(self) -> None:
        """Append what was entered to $HISTFILE; without the variable nothing is kept."""
        if self.variables.get("HISTSIZE") != "0":
            self.history.keep(self.files, self.variables.get("HISTFILE", ""), self.access)

    def content(self, path: str) -> bytes | Filler:
        """Return a file's content, or that of a process substitution; raises FileSystemError."""
        if self.pipes and (waiting := self.pipes.pop(self.files.locate(path, self.access), None)) is not None:
            return waiting
        opened = self.opened.get(path)
        return self.files.read(path, self.access) if opened is None else opened

    def close_opened(self, kept: int) -> None:
        """Close the process substitutions of a command that has ended, all but the first `kept`."""
        while len(self.opened) > kept:
            path, _ = self.opened.popitem()
            self.files.pipes.pop(path.replace("/dev/", "/proc/self/", 1), None)

    @contextmanager
    def forked(self) -> Iterator[None]:
        """Undo at the end what a child process could not change in this shell."""
        kept = nesting.of_process(self)
        jobs, self.jobs = self.jobs, self.jobs.inherited()
        try:
            yield
        finally:
            nesting.give_back(self, kept)
            jobs.adopt(self.jobs, self.clock())
            self.jobs = jobs
