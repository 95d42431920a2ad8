# SPDX-License-Identifier: MIT
"""sys, platform and time: what a program asks about where it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Pause, Steps
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.python.files import read_file
from decnet_decoys.shell.python.imports.functions import fixed, leave, natives, ran
from decnet_decoys.shell.python.imports.queues_and_times import in_layout, moment
from decnet_decoys.shell.python.values import (
    MAX_TEXT,
    Native,
    Record,
    kind_name,
    represented,
    text_of,
    type_of,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program


def _sys(program: Program) -> dict[str, Any]:

    def whole(program: Program) -> Steps[Record]:
        if program.stdin is None:
            data = (yield from program.call.input()).whole(MAX_TEXT)
            program.stdin = read_file("<stdin>", data, binary=False)
        return program.stdin

    def from_stdin(name: str) -> Native:
        def play(program: Program, *args: Any) -> Steps[Any]:
            return (yield from program.called((yield from whole(program)).names[name], list(args), {}))

        return Native(name, play)

    def stream(name: str, write: Callable[..., Any], flush: Callable[..., Any]) -> Record:
        names = natives(write=write, flush=flush, fileno=fixed(1), isatty=fixed(program.call.tty))
        names["buffer"] = Record("_io.BufferedWriter", dict(names))
        return Record("_io.TextIOWrapper", names | {"name": name, "encoding": "utf-8"})

    def out(program: Program, text: Any) -> int:
        if not isinstance(text, str | bytes):
            raise TypeError(f"write() argument must be str, not {kind_name(text)}")
        program.print_out(text if isinstance(text, str) else decode(text))
        return len(text)

    def err(program: Program, text: Any) -> int:
        program.call.print_error(text if isinstance(text, str) else represented(text), end="")
        return len(text)

    machine = program.call.shell.machine
    stdin = {name: from_stdin(name) for name in ("read", "readline", "readlines", "__iter__")}
    version = "3.11.2 (main, Sep 14 2024, 03:00:30) [GCC 12.2.0]"
    major = Record("sys.version_info", {"major": 3, "minor": 11, "micro": 2, "__items__": (3, 11, 2, "final", 0)})
    major.names["__repr__"] = "sys.version_info(major=3, minor=11, micro=2, releaselevel='final', serial=0)"
    return {
        **natives(
            exit=leave,
            getdefaultencoding=fixed("utf-8"),
            getrecursionlimit=fixed(1000),
            setrecursionlimit=fixed(None),
            getsizeof=fixed(56),
            getfilesystemencoding=fixed("utf-8"),
            exc_info=lambda program: (type_of(program._handled), program._handled, None),
        ),
        "version": version,
        "version_info": major,
        "platform": "linux",
        "executable": "/usr/bin/python3",
        "byteorder": "little",
        "maxsize": (1 << 63) - 1,
        "argv": list(program.argv),
        "prefix": "/usr",
        "maxunicode": 1114111,
        "path": [
            "",
            "/usr/lib/python311.zip",
            "/usr/lib/python3.11",
            "/usr/lib/python3.11/lib-dynload",
            "/usr/local/lib/python3.11/dist-packages",
            "/usr/lib/python3/dist-packages",
        ],
        "stdin": Record("_io.TextIOWrapper", stdin | {"buffer": Record("_io.BufferedReader", stdin)}),
        "stdout": stream("<stdout>", out, lambda program: program.write_out()),
        "stderr": stream("<stderr>", err, fixed(None)),
        "hexversion": 51053296,
        "flags": Record("sys.flags", {}),
        "modules": {},
        "implementation": Record(
            "namespace", {"name": "cpython", "_multiarch": f"{machine.persona.machine}-linux-gnu"}
        ),
    }


def _platform(program: Program) -> dict[str, Any]:
    machine = program.call.shell.machine
    kernel, kind = machine.persona.kernel, machine.persona.machine
    version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)"
    uname = {"system": "Linux", "node": machine.hostname, "release": kernel, "version": version, "machine": kind}
    shown = ", ".join(f"{name}={value!r}" for name, value in uname.items())
    record = Record("uname_result", uname | {"__items__": (*uname.values(), ""), "__repr__": f"uname_result({shown})"})
    release = {
        "NAME": "Debian GNU/Linux",
        "VERSION_ID": "12",
        "ID": "debian",
        "VERSION_CODENAME": "bookworm",
        "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)",
    }
    return natives(
        system=fixed("Linux"),
        machine=fixed(kind),
        node=fixed(machine.hostname),
        release=fixed(kernel),
        version=fixed(version),
        python_version=fixed("3.11.2"),
        architecture=fixed(("64bit", "ELF")),
        processor=fixed(""),
        platform=fixed(f"Linux-{kernel}-{kind}-with-glibc2.36"),
        uname=fixed(record),
        python_implementation=fixed("CPython"),
        freedesktop_os_release=fixed(release),
        libc_ver=fixed(("glibc", "2.36")),
        python_compiler=fixed("GCC 12.2.0"),
    )


def slept(_program: Program, seconds: Any = 0) -> Steps[None]:
    yield Pause(max(0.0, min(float(seconds), 3600.0)))


def formatted(program: Program, layout: Any, *moments: Any) -> Steps[str]:
    known = in_layout(text_of(layout), moments[0]) if moments else None
    if known is not None:
        return known
    out = program.call.runner.buffer()
    yield from ran(program, ["date", f"+{text_of(layout)[:200]}"], out, None)
    return decode(out.take())[:MAX_TEXT].rstrip("\n")


def _time(program: Program) -> dict[str, Any]:
    clock = program.call.shell.clock
    return natives(
        time=lambda _program: float(clock()),
        sleep=slept,
        perf_counter=lambda _program: float(clock()) % 100_000,
        monotonic=lambda _program: float(clock()) % 100_000,
        strftime=formatted,
        ctime=lambda program: program.call.shell.date("%a %b %e %H:%M:%S %Y"),
        gmtime=lambda _program, seconds=None: moment(clock() if seconds is None else seconds),
        localtime=lambda _program, seconds=None: moment(clock() if seconds is None else seconds),
        time_ns=lambda _program: int(clock() * 1e9),
    )


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"sys": _sys, "platform": _platform, "time": _time}
