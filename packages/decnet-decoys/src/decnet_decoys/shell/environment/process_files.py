# SPDX-License-Identifier: MIT
"""The files of processes in /proc that a machine's tree does not have: those of the attacker's shell, of each process.

`/proc/$$` is the shell itself; what a persona's processes and /proc/self have is completed (proc(5)).
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.environment.kernel_files import KernelFiles
from decnet_decoys.shell.jobs import Job, Jobs
from decnet_decoys.shell.machine.files.live_files import Running
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.tree import Entry, Tree, whole_of

_NAMESPACES = {
    "cgroup": 835, "ipc": 839, "mnt": 841, "net": 840, "pid": 836, "pid_for_children": 836, "time": 834,
    "time_for_children": 834, "user": 837, "uts": 838,
}  # fmt: skip
_PLAIN = {
    "arch_status": "", "autogroup": "/autogroup-41 nice 0\n", "auxv": "", "clear_refs": "",
    "coredump_filter": "00000033\n", "cpu_resctrl_groups": "", "cpuset": "/\n",
    "gid_map": "         0          0 4294967295\n",
    "io": "rchar: 4292\nwchar: 0\nsyscr: 13\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n",
    "loginuid": "0", "mem": "", "mountstats": "", "numa_maps": "", "oom_adj": "0\n", "oom_score": "666\n",
    "oom_score_adj": "0\n", "pagemap": "", "patch_state": "-1\n", "personality": "00000000\n",
    "projid_map": "         0          0 4294967295\n", "sched": "", "schedstat": "1112301 80111 4\n",
    "sessionid": "4", "setgroups": "allow\n", "smaps": "", "smaps_rollup": "", "stack": "",
    "statm": "622 229 206 5 0 90 0\n", "syscall": "running\n", "timens_offsets": "", "timers": "",
    "timerslack_ns": "50000\n", "uid_map": "         0          0 4294967295\n", "wchan": "0",
}  # fmt: skip
_FOLDERS = frozenset(("attr", "fd", "fdinfo", "map_files", "ns", "task"))
_DESCRIPTORS = {"0": "/dev/null", "1": "pipe:[41022]", "2": "pipe:[41023]", "255": "/dev/null"}
_OF_SELF = frozenset(("cgroup", "limits", "maps", "mountinfo", "mounts", "status"))
"""What a shell's has like the files of /proc/self."""
_LIVE = ("environ", "cmdline", "comm", "stat")
_OF_EACH = {*_PLAIN, *_FOLDERS, *_OF_SELF, *_LIVE, "cwd", "exe", "root"}


_STAT = (
    b"28402 0 -1 4194304 91 0 0 0 0 0 0 0 20 0 1 0 401223 2547712 229 18446744073709551615 94120312418304 "
    b"94120312438241 140724187305888 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94120312456176 94120312457792 94120339906560 "
    b"140724187313423 140724187313443 140724187313443 140724187316203 0\n"
)


class Attended(Protocol):
    """What changes of the attacker's shell."""

    cwd: str

    @property
    def jobs(self) -> Jobs:
        """What it runs in the background."""

    @property
    def files(self) -> FileSystem:
        """Where programs are."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix time in seconds."""

    @property
    def command_line(self) -> bytes:
        """Its words, each with a NUL after it."""

    @property
    def environment(self) -> bytes:
        """Of what it starts: name=value, each with a NUL after it."""


class ShellProcess(NamedTuple):
    """The attacker's shell, as /proc shows it."""

    pid: int
    name: str
    uid: int
    shell: Callable[[], Attended | None]
    """None when it has ended: files are kept longer than the shell."""


class ProcFiles:
    """What /proc and /sys show of a machine besides its tree, to one shell."""

    def __init__(self, tree: Tree, kernel: KernelFiles, shell: ShellProcess, running: Running) -> None:
        self._tree, self._kernel, self._shell, self._running = tree, kernel, shell, running

    def entry(self, path: str) -> Entry | None:
        parts = path.split("/", 4)
        if len(parts) < 3 or parts[1] != "proc" or not (parts[2] == "self" or parts[2].isdecimal()):
            return None if path in self._tree.entries else self._kernel.entry(path)
        pid = parts[2]
        own = pid == str(self._shell.pid)
        job = None if own else self._job(pid)
        if len(parts) == 3:
            return Entry("dir", 0o555, self._shell.uid, self._shell.uid) if own or job is not None else None
        if job is not None:
            return self._of_job(job, parts[3]) if len(parts) == 4 else self._below(parts[3], parts[4], own=True)
        if not own and f"/proc/{pid}" not in self._tree.entries:
            return None
        if len(parts) == 5:
            return self._below(parts[3], parts[4], own=own)
        return self._of_process(pid, parts[3], own=own)

    def _job(self, pid: str) -> Job | None:
        """Return what the shell runs in the background under that number."""
        shell = self._shell.shell() if pid.isdecimal() and len(pid) < 9 else None
        job = None if shell is None else shell.jobs.process(int(pid))
        return None if job is None or shell is None or job.ends <= shell.clock() else job

    def _of_job(self, job: Job, name: str) -> Entry | None:
        """Return a file of a job's: its own where it is a program, else those of the shell."""
        shell, uid = self._shell.shell(), self._shell.uid
        path = job.program or f"/usr/bin/{self._shell.name}"
        if name in ("cwd", "root"):
            return Entry("link", 0o777, uid, uid, target=job.directory if name == "cwd" else "/")
        if name == "exe":
            gone = shell is not None and not shell.files.exists(path)
            return Entry("link", 0o777, uid, uid, target=f"{path} (deleted)" if gone else path)
        program = encode(path.rpartition("/")[2][:15])
        words = b"" if shell is None else shell.command_line
        if job.argv:
            words = b"".join(encode(word) + b"\0" for word in job.argv)
        made = {"cmdline": words, "comm": program + b"\n"}
        if name == "status":
            text = self._status(whole_of(self._tree.entries["/proc/self/status"].content))
            text = text.replace(b"Name:\t" + self._shell.name.encode(), b"Name:\t" + program, 1)
            text = text.replace(str(self._shell.pid).encode(), str(job.pid).encode())
            made["status"] = text.replace(b"S (sleeping)", b"T (stopped)") if job.letter == "T" else text
        if name == "stat":
            made["stat"] = f"{job.pid} (".encode() + program + f") {job.letter} {self._shell.pid} ".encode() + _STAT
        if name in made:
            return Entry("file", 0o444, uid, uid, content=made[name])
        return self._of_process(str(self._shell.pid), name, own=True)

    def _below(self, folder: str, name: str, *, own: bool) -> Entry | None:
        if folder == "fd" and own and name in _DESCRIPTORS:
            return Entry("link", 0o700, self._shell.uid, self._shell.uid, target=_DESCRIPTORS[name])
        if folder == "ns" and name in _NAMESPACES:
            kind = name.partition("_")[0]
            return Entry("link", 0o777, target=f"{kind}:[{4026531000 + _NAMESPACES[name]}]")
        return None

    def _of_process(self, pid: str, name: str, *, own: bool) -> Entry | None:
        uid = self._shell.uid
        if name in _LIVE and (own or pid == "self" or name in ("environ", "stat")):
            live = self._live(pid, name)
            return (
                None if live is None else Entry("file", 0o400 if name == "environ" else 0o444, uid, uid, content=live)
            )
        if not own and f"/proc/{pid}/{name}" in self._tree.entries:
            return None
        if own and name in _OF_SELF:
            text = whole_of(self._tree.entries[f"/proc/self/{name}"].content)
            return Entry("file", 0o444, uid, uid, content=self._status(text) if name == "status" else text)
        if own and name in ("cwd", "exe", "root"):
            shell = self._shell.shell()
            cwd = "/" if shell is None else shell.cwd
            target = {"cwd": cwd, "root": "/"}.get(name, f"/usr/bin/{self._shell.name}")
            return Entry("link", 0o777, uid, uid, target=target)
        if name in _FOLDERS:
            return Entry("dir", 0o555, uid, uid)
        return Entry("file", 0o444, uid, uid, content=_PLAIN[name].encode()) if name in _PLAIN else None

    def _live(self, pid: str, name: str) -> bytes | None:
        """Return what changes by itself; None where the tree's own has it."""
        own = pid == str(self._shell.pid)
        shell = self._shell.shell() if own or pid == "self" else None
        if name == "environ":
            return b"" if shell is None else shell.environment
        if name == "stat":
            return self._stat(pid)
        if not own:
            return None
        if name == "comm":
            return f"{self._shell.name}\n".encode()
        return b"" if shell is None else shell.command_line

    def _stat(self, pid: str) -> bytes:
        shell, kept = self._shell, self._tree.entries.get(f"/proc/{pid}/comm")
        if pid == "self":
            name, number, parent = self._running.comm().strip(), shell.pid + 3, shell.pid
        elif pid == str(shell.pid):
            name, number, parent = shell.name.encode(), shell.pid, shell.pid - 12
        else:
            name = b"" if kept is None else whole_of(kept.content).strip()
            number, parent = int(pid), int(pid != "1")
        head = f"{number} (".encode() + name + f") {'R' if pid == 'self' else 'S'} {parent} {number} ".encode()
        return head + _STAT

    def _status(self, text: bytes) -> bytes:
        pid = str(self._shell.pid).encode()
        text = text.replace(b"Name:\tcat", b"Name:\t" + self._shell.name.encode()).replace(
            b"R (running)", b"S (sleeping)"
        )
        return text.replace(b"28417", pid)

    def _processes(self) -> set[str]:
        """Return the numbers of the shell and of what it runs in the background."""
        shell = self._shell.shell()
        running = [] if shell is None else shell.jobs.running(shell.clock())
        return {str(self._shell.pid), *(str(job.pid) for job in running)}

    def names(self, path: str) -> set[str]:
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "proc" or not (parts[2] == "self" or parts[2].isdecimal()):
            return self._kernel.names(path) | (self._processes() if path == "/proc" else set())
        if len(parts) == 4:
            of_shell = set(_DESCRIPTORS) if parts[3] == "fd" and parts[2] == str(self._shell.pid) else set()
            return set(_NAMESPACES) if parts[3] == "ns" else of_shell
        return _OF_EACH if len(parts) == 3 else set()
