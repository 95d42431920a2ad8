# SPDX-License-Identifier: MIT
"""What runs on a machine, as intruders left it: services stopped, processes killed, rules of the firewall."""

import msgspec

from decnet_decoys.personas.schema import Listener, Persona, Process

MAX_KILLED = 300
MAX_STOPPED = 100
MAX_RULES = 100
MAX_MOUNTS = 40
MAX_HELD = 64
Mount = tuple[str, str, str, str]
"""Device, mount point, type and options, as /proc/mounts has them (proc(5))."""
_SERVICES = {"sshd": "ssh", "mariadbd": "mariadb", "mysqld": "mysql", "systemd-resolve": "systemd-resolved",
             "postgres": "postgresql", "java": "jenkins", "master": "postfix"}  # fmt: skip


class Condition(msgspec.Struct):
    stopped: list[str] = []
    """Services."""
    started: list[str] = []
    """Services that intruders made, and started."""
    killed: list[int] = []
    """Process ids."""
    rules: list[str] = []
    """As `iptables -S` shows them."""
    mounts: list[Mount] = []
    """What is mounted besides what the machine came with."""
    binds: dict[str, str] = {}
    """Directories and files that are seen at mount points, by these (mount(8), Bind mount operation)."""
    held: list[str] = []
    """Packages that are not to be changed (apt-mark(8))."""
    hostname: str = ""
    """What `hostname NAME` has set; empty when nothing has."""

    def processes(self, persona: Persona) -> list[Process]:
        """Return what still runs."""
        gone = set(self.killed)
        return [
            one
            for one in persona.processes
            if one.pid not in gone and not any(runs(one.command, name) for name in self.stopped)
        ]

    def listeners(self, persona: Persona) -> list[Listener]:
        """Return what is still listened on."""
        alive = {one.pid for one in self.processes(persona)}
        known = {one.pid for one in persona.processes}
        return [
            one
            for one in persona.listeners
            if service_of(one.process) not in self.stopped and (one.pid in alive or one.pid not in known)
        ]

    def stop(self, name: str) -> None:
        if name not in self.stopped and len(self.stopped) < MAX_STOPPED:
            self.stopped.append(name)

    def start(self, name: str, persona: Persona) -> None:
        """Start a service, and with it the processes of it that were killed."""
        if name in self.stopped:
            self.stopped.remove(name)
        own = {one.pid for one in persona.processes if runs(one.command, name)}
        self.killed = [pid for pid in self.killed if pid not in own]

    def kill(self, pid: int) -> None:
        if pid not in self.killed and len(self.killed) < MAX_KILLED:
            self.killed.append(pid)


def service_of(process: str) -> str:
    """Return the name of the service whose process is called so."""
    return _SERVICES.get(process, process)


def runs(command: str, service: str) -> bool:
    """Return whether a process with this command line is of the service."""
    program = command.split(" ", maxsplit=1)[0].rstrip(":").rpartition("/")[2]
    return service_of(program) == service or service_of(program.rstrip("0123456789.")) == service
