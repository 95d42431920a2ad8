# SPDX-License-Identifier: MIT
"""`pytest --processes N`: runs the tests in N processes that are forked once all tests are collected.

pytest-xdist starts interpreters, each of which imports and collects everything, which takes 12 s of processor time. A
fork costs nothing, so there can be more processes than processors: many tests wait. What the processes share is a pipe
with the numbers of the test modules; each takes the next one when it begins with the last test of the one before. So
the tests of a module run in one process, which makes its fixtures once. What a process had taken when it died is run by
another: else nobody would know that it was not run, where the test that died passes alone (noxfile.py).
"""

from __future__ import annotations

import atexit
import itertools
import os
import random
import signal
import struct
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

import pytest

_NUMBER = struct.Struct("=H")
"""The number of a module, as it is in the pipe: 32,000 of them fit (pipe(7))."""
_PATIENCE_SECONDS = 20.0
_SERVERS = 2
"""How many of the processes run tests on PostgreSQL: each starts a server, which takes 4 s of processor time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("general").addoption(
        "--processes", type=int, default=1, help="run tests in this many processes, forked after the collection"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a PostgreSQL server, before `-m` chooses."""
    for item in filter(_asks_postgresql, items):
        item.add_marker("postgresql")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    option = session.config.option
    if option.processes < 2 or option.collectonly or session.testsfailed:
        return None
    _run(session, option.processes)
    return True


@dataclass
class Process:
    """A forked process of tests, as the one that reports sees it."""

    pid: int
    connection: Connection
    test: str = "before its first test"
    """What it runs; empty when it is done."""


class _Queue:
    """Modules that wait for a process, as numbers in a pipe: the kernel hands each of them to one."""

    def __init__(self, modules: list[list[pytest.Item]]) -> None:
        self._modules = modules
        self._reading, writing = os.pipe()
        os.write(writing, b"".join(map(_NUMBER.pack, range(len(modules)))))
        os.close(writing)

    def __iter__(self) -> Iterator[pytest.Item]:
        """Take one module after the other as long as there are any."""
        while packed := os.read(self._reading, _NUMBER.size):
            yield from self._modules[_NUMBER.unpack(packed)[0]]

    def close(self) -> None:
        os.close(self._reading)


def _queues(items: list[pytest.Item]) -> tuple[_Queue, _Queue]:
    """Return the modules that need a PostgreSQL server, and the others."""
    modules = _modules(items)
    return _Queue([each for each in modules if _with_server(each)]), _Queue([m for m in modules if not _with_server(m)])


def _modules(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    return [list(of_it) for _, of_it in itertools.groupby(items, lambda item: item.path)]


def _with_server(module: list[pytest.Item]) -> bool:
    return any(map(_asks_postgresql, module))


def _asks_postgresql(item: pytest.Item) -> bool:
    return any("postgres" in name for name in (item.name, *getattr(item, "fixturenames", ())))


def _run(session: pytest.Session, count: int) -> None:
    with_server, others = _queues(session.items)
    place = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # as pytest's own plugins do
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        terminal.showfspath = False  # the tests of many modules end in turns
    processes: list[Process] = []
    begun: set[str] = set()
    try:
        for number in range(count):
            queues = (with_server, others) if number < _SERVERS else (others,)
            processes.append(_fork(session, queues, place / f"process-{number}"))
        _report(session, processes, (with_server, others), begun)
        while left := [item for item in session.items if item.nodeid not in begun]:
            known = len(begun)
            queue = _Queue(_modules(left))
            processes.append(_fork(session, (queue,), place / f"process-{len(processes)}"))
            _report(session, processes, (queue,), begun)
            queue.close()
            if len(begun) == known:
                _report_left(session, left)
                break
    finally:
        with_server.close()
        others.close()
        _end(processes)


def _report_left(session: pytest.Session, left: list[pytest.Item]) -> None:
    for item in left:
        session.config.hook.pytest_runtest_logreport(report=_failed(item.nodeid, "no process began it"))


def _end(processes: list[Process]) -> None:
    """Wait until all have ended; the terminal's Ctrl-C is theirs, too, and they stop the servers that they started."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for process in processes:
        while not os.waitpid(process.pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.01)


def _fork(session: pytest.Session, queues: Iterable[_Queue], place: Path) -> Process:
    receiving, sending = Pipe(duplex=False)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        sending.close()
        return Process(pid, receiving)
    code = 1
    try:
        receiving.close()
        _begin(session, sending, place)
        _run_taken(session, sending, itertools.chain.from_iterable(queues))
        atexit._run_exitfuncs()
        sending.send("")
        code = 0
    except KeyboardInterrupt:
        pass  # the parent says so
    except BaseException:
        sending.send((traceback.format_exc(),))
    finally:
        os._exit(code)


def _run_taken(session: pytest.Session, sending: Connection, items: Iterator[pytest.Item]) -> None:
    try:
        for item, following in itertools.pairwise(itertools.chain(items, [None])):
            assert item is not None
            sending.send(item.nodeid)
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail or session.shouldstop:
                break
    finally:
        session._setupstate.teardown_exact(None)


def _begin(session: pytest.Session, sending: Connection, place: Path) -> None:
    """Part with what forked processes must not share: random numbers, captured output, temporary files, terminal."""
    random.seed()
    atexit._clear()
    plugins = session.config.pluginmanager
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    place.mkdir()
    session.config._tmp_path_factory._basetemp = place  # type: ignore[attr-defined]
    for name in ("terminalreporter", "lfplugin", "nfplugin", "stepwiseplugin"):
        plugins.unregister(name=name)
    plugins.register(_Sender(session.config, sending))


class _Sender:
    """Sends the reports of a process to the one that prints them."""

    def __init__(self, config: pytest.Config, sending: Connection) -> None:
        self._config = config
        self._sending = sending

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call" and not self._config.option.durations:
            return  # nobody asks
        self._sending.send(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))


def _report(session: pytest.Session, processes: list[Process], queues: Iterable[_Queue], begun: set[str]) -> None:
    """Report what the processes send until all have ended; add the tests that they begin."""
    while waiting := [process.connection for process in processes if process.test]:
        ready = wait(waiting)
        for process in processes:
            if process.connection in ready:
                _handle(session, process)
                begun.add(process.test)
        if session.shouldfail or session.shouldstop:
            for _ in itertools.chain.from_iterable(queues):  # what nobody has taken yet is not run
                pass
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


def _handle(session: pytest.Session, process: Process) -> None:
    hook = session.config.hook
    try:
        message = process.connection.recv()
    except (EOFError, OSError):
        message = ("its process died",)
    if isinstance(message, str):
        process.test = message
    elif isinstance(message, tuple):
        hook.pytest_runtest_logreport(report=_failed(process.test, *message))
        process.test = ""
    else:
        report = hook.pytest_report_from_serializable(config=session.config, data=message)
        hook.pytest_runtest_logreport(report=report)


def _failed(test: str, reason: str) -> pytest.TestReport:
    """Return the report of a test whose process ended."""
    return pytest.TestReport(test, (test.partition("::")[0], None, test), {}, "failed", reason, "call")
