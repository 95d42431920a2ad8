# SPDX-License-Identifier: MIT
"""A temporary fleet in a temporary directory, on unused addresses, always removed.

It is `decnet up` in a process of its own that holds the read end of a pipe: it stops when this process ends, in
whatever way. Its deckies are in a /24 of 127.77.0.0/16 that is found by trying to bind to it.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import Deployment, find_deployment
from decnet_core.runtime import worker_registry
from decnet_core.runtime.process import LIFELINE

Popen: TypeAlias = "subprocess.Popen[bytes]"

SSH_PORT, HTTP_PORT, CANARY_HTTP_PORT, CANARY_DNS_PORT = 2222, 8080, 8880, 8853
_BLOCKS = range(100, 255)
_RESERVATION_HOST = 254
"""Of a block: a socket bound there reserves it until the fleet has bound its own."""
_MOST_RESERVED = 4
"""Blocks that one process keeps reserved: the fleets of earlier ones have started by then, or ended."""
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0

_SETTINGS = """\
[canary]
http_listen = "127.77.{block}.1:{canary_http}"
dns_listen = "127.77.{block}.1:{canary_dns}"
{web}{deckies}
"""
_WEB = """
[web]
listen = "127.77.{block}.1:{port}"
"""
_DECKY = """
[[decoys.decky]]
name = "{name}"
address = "127.77.{block}.{host}"
persona = "{persona}"
services = {{ ssh = {ssh}, http = {http} }}
"""
_reserved: deque[int] = deque()
"""Descriptors of the sockets that reserve blocks; they are closed when the process ends."""
_DECKIES = (("web-01", 10, "debian-web"), ("db-01", 11, "ubuntu-db"), ("nas-01", 12, "nas"))


@contextlib.contextmanager
def private_fleet(*, bus: str = "", database: str = "", hosting: str = "fork") -> Iterator[Deployment]:
    """Run a fleet, by default with a bus and a database of its own; raises OperatorError when it does not start.

    `hosting` is what `decnet up --host` takes.
    """
    with tempfile.TemporaryDirectory(prefix="decnet-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        settings = directory / "decnet.toml"
        settings.write_text(settings_text(free_block()), encoding="ascii")
        given = {
            "DECNET_STATE_DIR": str(directory / "state"),
            "DECNET_SETTINGS": str(settings),
            **({"DECNET_BUS_URL": bus} if bus else {}),
            **({"DECNET_DATABASE_URL": database} if database else {}),
        }
        with environment(given), running(directory, hosting):
            yield find_deployment()


def settings_text(block: int) -> str:
    """Return the settings of a fleet in 127.77.`block`.0/24."""
    deckies = "".join(
        _DECKY.format(name=name, host=host, persona=persona, block=block, ssh=SSH_PORT, http=HTTP_PORT)
        for name, host, persona in _DECKIES
    )
    web = _WEB.format(block=block, port=HTTP_PORT) if "web" in worker_registry.names() else ""
    return _SETTINGS.format(
        block=block, canary_http=CANARY_HTTP_PORT, canary_dns=CANARY_DNS_PORT, web=web, deckies=deckies
    )


def free_block() -> int:
    """Return a block whose addresses and ports are all free, and keep other fleets that start now from taking it.

    Raises OperatorError.
    """
    for _ in _BLOCKS:
        block = secrets.choice(_BLOCKS)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reservation:
            try:
                reservation.bind((f"127.77.{block}.{_RESERVATION_HOST}", CANARY_DNS_PORT))
            except OSError:  # another process has found it, and its fleet is on its way
                continue
            if _is_free(block):
                _reserved.append(reservation.detach())
                if len(_reserved) > _MOST_RESERVED:
                    os.close(_reserved.popleft())
                return block
    raise OperatorError("no addresses in 127.77.0.0/16 are free for a fleet; stop the ones that run")


def _is_free(block: int) -> bool:
    places = [
        *((socket.SOCK_STREAM, host, port) for _, host, _ in _DECKIES for port in (SSH_PORT, HTTP_PORT)),
        *((socket.SOCK_STREAM, 1, port) for port in (CANARY_HTTP_PORT, CANARY_DNS_PORT, HTTP_PORT)),
        (socket.SOCK_DGRAM, 1, CANARY_DNS_PORT),
    ]
    with contextlib.ExitStack() as held:
        for kind, host, port in places:
            probe = held.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                probe.bind((f"127.77.{block}.{host}", port))
            except OSError:
                return False
    return True


@contextlib.contextmanager
def environment(given: dict[str, str]) -> Iterator[None]:
    """Run with the private fleet's environment: `given`, and no outer DECNET_* variable but DECNET_DEBUG."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("DECNET_") and name != "DECNET_DEBUG"]:
        del os.environ[name]
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def running(
    directory: Path, hosting: str, start: Callable[[Callable[[], Popen]], Popen] = lambda start: start()
) -> Iterator[None]:
    """Run `decnet up` while inside; `start` calls what starts it, for another place. Raises OperatorError."""
    ready = directory / "ready"
    lifeline, our_end = os.pipe()
    with (directory / "up.log").open("wb") as log:
        process = start(lambda: _started(hosting, ready, log, lifeline))
    os.close(lifeline)
    try:
        _wait_until_ready(process, ready, directory / "up.log")
        yield
    finally:
        _stop(process)
        os.close(our_end)


def _started(hosting: str, ready: Path, log: IO[bytes], lifeline: int) -> Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "decnet", "up", "--plain", "--host", hosting, "--ready-file", str(ready)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=(lifeline,),
        env={**os.environ, LIFELINE: str(lifeline)},
        start_new_session=True,
    )


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text("utf-8", "backslashreplace").strip().splitlines()
            raise OperatorError(f"the private fleet did not start: {lines[-1] if lines else 'it logged nothing'}")
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
