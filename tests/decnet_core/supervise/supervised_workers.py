# SPDX-License-Identifier: MIT
"""Workers with known faults, run as real processes by the tests of the fleet."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

from decnet_core.exits import StartupError
from decnet_core.net.sockets import listening
from decnet_core.runtime import parking
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import NoSettings, Worker


class Steady(Worker[NoSettings]):
    """Runs until it is stopped."""

    name = "steady"

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Parent(Worker[NoSettings]):
    """Starts a process of its own and tells its pid in a file."""

    name = "parent"

    async def start(self, ctx: Context) -> None:
        child = subprocess.Popen(["/bin/sleep", "600"])  # a child of its own is the point
        (ctx.state.root / "grandchild").write_text(str(child.pid))

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Crashing(Worker[NoSettings]):
    """Becomes ready, then fails."""

    name = "crashing"

    async def run(self, ctx: Context) -> None:
        raise ValueError(f"the disk of {ctx.worker} is on fire")


class CrashingExposed(Crashing):
    """The same, reached by attackers."""

    name = "crashing-exposed"
    exposed = True


class CrashingOnce(Worker[NoSettings]):
    """Fails in its first life only."""

    name = "crashing-once"

    async def run(self, ctx: Context) -> None:
        mark = ctx.state.root / "crashed"
        if not mark.exists():
            mark.touch()
            raise ValueError("first life")
        await ctx.stopping.wait()


class Refusing(Worker[NoSettings]):
    """Cannot start until a file appears."""

    name = "refusing"

    async def start(self, ctx: Context) -> None:
        if not (ctx.state.root / "allowed").exists():
            raise StartupError("port 2222 of 127.77.0.10 is busy")

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Mute(Worker[NoSettings]):
    """Never becomes ready."""

    name = "mute"

    async def start(self, ctx: Context) -> None:
        await ctx.stopping.wait()

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Stuck(Worker[NoSettings]):
    """Becomes ready, then hangs its loop and ignores SIGTERM."""

    name = "stuck"

    async def run(self, ctx: Context) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while not ctx.stopping.is_set():
            time.sleep(600)  # noqa: ASYNC251  # this is the fault


class Chatty(Worker[NoSettings]):
    """Prints much more than its log may hold."""

    name = "chatty"

    async def run(self, ctx: Context) -> None:
        for number in range(5000):
            os.write(1, f"line {number} {'x' * 100}\n".encode())
        (ctx.state.root / "said").touch()
        await ctx.stopping.wait()


class Dice(Worker[NoSettings]):
    """Refuses to start, telling a random number."""

    name = "dice"

    async def run(self, ctx: Context) -> None:
        raise ValueError(f"rolled {random.getrandbits(64)}")


class Hungry(Worker[NoSettings]):
    """Holds more than it declares, from the beginning."""

    name = "hungry"
    memory_budget = 1 << 20

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Clerk(Worker[NoSettings]):
    """Takes the files of a folder, one line in `taken` for each; parks while there are none."""

    name = "clerk"
    parks = True
    reads_spools = True
    listens = ("clerk.>",)

    async def run(self, ctx: Context) -> None:
        folder = ctx.state.root / "orders"
        while not ctx.stopping.is_set():
            began = time.monotonic()
            found = sorted(folder.iterdir())
            for file in found:
                with (ctx.state.root / "taken").open("a") as taken:
                    taken.write(f"{file.name} {os.getpid()}\n")
                file.unlink()
            if found:
                ctx.parking.worked()
            due = 1.5 if (ctx.state.root / "retry").exists() else None
            await ctx.nudged(0.0 if found else ctx.parking.rest(began, 10.0, due))


class Hasty(Worker[NoSettings]):
    """Asks to be parked at once, and again as fast as it can."""

    name = "hasty"
    parks = True
    listens = ("hasty.>",)

    async def run(self, ctx: Context) -> None:
        parking.AGAIN_SECONDS = 0.01
        while not ctx.stopping.is_set():
            await ctx.nudged(ctx.parking.rest(time.monotonic(), 10.0))


class HastySecond(Hasty):
    name = "hasty-second"


class HastyThird(Hasty):
    name = "hasty-third"


class HastyFourth(Hasty):
    name = "hasty-fourth"


class Scribe(Worker[NoSettings]):
    """Has something to do only after the clerk; parks until then."""

    name = "scribe"
    parks = True
    follows = ("clerk",)

    async def run(self, ctx: Context) -> None:
        while not ctx.stopping.is_set():
            await ctx.nudged(ctx.parking.rest(time.monotonic(), 10.0))


class Unhurried(Worker[NoSettings]):
    """Hears the clerk's orders, but nobody waits for it; tells in a file, once a life, whether it was prepared."""

    name = "unhurried"
    parks = True
    background = True
    listens = ("clerk.>",)
    is_warm = False

    @classmethod
    def warm(cls) -> None:
        cls.is_warm = True

    async def start(self, ctx: Context) -> None:
        with (ctx.state.root / "unhurried").open("a") as told:
            told.write(f"{self.is_warm}\n")

    async def run(self, ctx: Context) -> None:
        while not ctx.stopping.is_set():
            await ctx.nudged(ctx.parking.rest(time.monotonic(), 10.0))


class Shift(Worker[NoSettings]):
    """Hears the clerk's orders all the time, and takes a break after each look."""

    name = "shift"
    parks = True
    listens = ("clerk.>", "shift.called")
    ends_break = ("shift.called",)

    async def run(self, ctx: Context) -> None:
        while not ctx.stopping.is_set():
            seconds = float(os.environ.get("BREAK_SECONDS", "0.5"))
            await ctx.nudged(ctx.parking.take_break(time.monotonic(), 10.0, seconds))


class Porter(Worker[NoSettings]):
    """Answers one line to each TCP client, and each datagram; parks while nobody comes."""

    name = "porter"
    parks = True

    async def start(self, ctx: Context) -> None:
        state = ctx.state.root
        if (state / "broken").exists():
            time.sleep(600)  # noqa: ASYNC251  # this is the fault
        self.tcp = ctx.listening("tcp", "127.0.0.1", _number_in(state / "tcp"))
        self.udp = ctx.bound_udp("udp", "127.0.0.1", _number_in(state / "udp"))

    async def run(self, ctx: Context) -> None:
        asyncio.get_running_loop().add_reader(self.udp, self._answer_datagram)
        ctx.parking.looks_by_itself = False
        while not ctx.stopping.is_set():
            began = time.monotonic()
            with contextlib.suppress(BlockingIOError):
                connection, _ = self.tcp.accept()
                with connection:
                    connection.sendall(f"{os.getpid()}\n".encode())
                ctx.parking.worked()
            await ctx.nudged(ctx.parking.rest(began, 0.02))

    def _answer_datagram(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data, address = self.udp.recvfrom(100)
            self.udp.sendto(data, address)


class Keeper(Worker[NoSettings]):
    """Answers its pid on ports that its host keeps for its next life: as many as the file `ports` says."""

    name = "keeper"
    stores_sockets = 1000

    async def start(self, ctx: Context) -> None:
        stored, own = ctx.stored_sockets, ctx.state.root / ctx.name
        self.forget = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.forget.set)
        self.ports = [port for name in stored.names if name.startswith(f"{ctx.name}/") for port in stored.take(name)]
        (ctx.state.root / f"{ctx.name}.restored").write_text(str(len(self.ports)))
        if not self.ports:
            self.ports = [listening("127.0.0.1", 0) for _ in range(_number_in(ctx.state.root / "ports"))]
            await stored.keep(f"{ctx.name}/all", self.ports)
        own.write_text(" ".join(str(port.getsockname()[1]) for port in self.ports))
        for port in self.ports:
            asyncio.get_running_loop().add_reader(port, self._answer, port)

    async def run(self, ctx: Context) -> None:
        await self.forget.wait()
        await ctx.stored_sockets.forget(f"{ctx.name}/all")
        (ctx.state.root / "forgotten").touch()
        await ctx.stopping.wait()

    def _answer(self, port: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = port.accept()
            with connection:
                connection.sendall(f"{os.getpid()}\n".encode())


class KeeperPair(Keeper):
    """The same in two processes."""

    name = "keeper-pair"

    @classmethod
    def shares(cls, settings: NoSettings) -> int:  # noqa: ARG003  # as `Worker` defines it
        return 2


def _number_in(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0
