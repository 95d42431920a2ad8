# SPDX-License-Identifier: MIT
"""Which modules a program may import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet_decoys.shell.python.imports import (
    accounts,
    dates,
    expressions,
    interpreter,
    iteration,
    library,
    network,
    operating_system,
    plain,
    processes,
    queues_and_times,
)
from decnet_decoys.shell.python.values import Module

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

_MODULES = {
    **accounts.MODULES, **operating_system.MODULES, **interpreter.MODULES, **processes.MODULES, **network.MODULES,
    **expressions.MODULES, **plain.MODULES, **queues_and_times.MODULES, **dates.MODULES,
    **iteration.MODULES, **library.MODULES,
}  # fmt: skip
KNOWN_ELSEWHERE = frozenset(
    (
        "abc",
        "array",
        "ast",
        "asyncio",
        "collections.abc",
        "concurrent.futures",
        "configparser",
        "copy",
        "csv",
        "ctypes",
        "dataclasses",
        "email",
        "enum",
        "fcntl",
        "fnmatch",
        "ftplib",
        "getopt",
        "gzip",
        "heapq",
        "html",
        "http",
        "http.client",
        "http.server",
        "importlib",
        "inspect",
        "io",
        "ipaddress",
        "locale",
        "logging",
        "mmap",
        "multiprocessing",
        "operator",
        "optparse",
        "pickle",
        "pprint",
        "pwd",
        "resource",
        "sched",
        "select",
        "smtplib",
        "socketserver",
        "sqlite3",
        "ssl",
        "stat",
        "statistics",
        "tarfile",
        "telnetlib",
        "termios",
        "textwrap",
        "uuid",
        "errno",
        "threading",
        "traceback",
        "tty",
        "types",
        "typing",
        "unittest",
        "urllib",
        "warnings",
        "weakref",
        "xml",
        "zipfile",
        "tempfile",
        "glob",
        "bz2",
        "lzma",
        "syslog",
        "sysconfig",
        "site",
    )
)
"""Modules that there are, of which nothing is played: a program that uses more than the name ends there."""


def named_module(program: Program, name: str) -> Module | None:
    """Return a module, None if there is none of this name."""
    make = _MODULES.get(name)
    if make is not None:
        loaded = program.loaded.get(name)
        if loaded is None:
            loaded = program.loaded[name] = Module(name, make(program))
        return loaded
    return Module(name, {}) if name in KNOWN_ELSEWHERE else None
