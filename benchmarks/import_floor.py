# SPDX-License-Identifier: MIT
"""What each console script holds once it is ready, beside a bare interpreter and bare asyncio.

A worker that is off by default is measured as it is when somebody has switched it on and it waits for work; a command
when it has printed its help. The sniffer is left out where its user may not listen on an interface.

Usage: python benchmarks/import_floor.py [--json]
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from decnet_core.runtime import worker_registry
from decnet_models.migrations.upgrade import upgrade

Row = dict[str, float | int | str]

COMMANDS = {
    "decnet": "decnet.command:main",
    "decnet-db": "decnet_models.command:main",
    "decnet-supervise": "decnet_core.supervise.command:main",
}
SWITCHED_ON = {"DECNET_SNIFF_INTERFACES": '["lo"]', "DECNET_PROBE_ENABLED": "true"}


def memory_of(pid: int) -> dict[str, float]:
    """Return RSS, PSS and USS in MiB (smaps_rollup of proc(5))."""
    kib = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, _ = line.split(None, 2)
        kib[name.rstrip(":")] = int(value)
    unique = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"rss": round(kib["Rss"] / 1024, 1), "pss": round(kib["Pss"] / 1024, 1), "uss": round(unique / 1024, 1)}


def bare(statement: str) -> Row:
    """Measure an interpreter that only ran `statement`, which may print."""
    code = f"import sys; {statement}\nprint('', len(sys.modules), sep='\\n', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        while not (line := process.stdout.readline()).strip().isdecimal():
            pass
        modules = int(line)
        return {"modules": modules, **memory_of(process.pid)}


def command(place: str) -> Row:
    """Measure the command at `module:function` when it has printed its help."""
    module, _, function = place.partition(":")
    return bare(
        f"from {module} import {function}; sys.argv[1:] = ['--help']\ntry: {function}()\nexcept SystemExit: pass"
    )


def worker(name: str, state: Path) -> Row:
    """Measure `decnet-<name>` as it stands when it says that it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        address = str(state / f"{name}.ready")
        ready.bind(address)
        ready.settimeout(60)
        count = state / f"{name}.count"
        target = worker_registry.load(name)
        code = (
            f"import sys; from {target.__module__} import {target.__name__} as W; "
            "import decnet_core.runtime.host as h; ready = h.Notifier.send\n"
            "def send(self, text):\n"
            f"    open({str(count)!r}, 'w').write(str(len(sys.modules)))\n    ready(self, text)\n"
            "h.Notifier.send = send; sys.argv[1:] = []; sys.exit(W.main())"
        )
        environ = {**os.environ, **SWITCHED_ON, "DECNET_STATE_DIR": str(state), "NOTIFY_SOCKET": address}
        with subprocess.Popen([sys.executable, "-c", code], env=environ, stderr=subprocess.DEVNULL) as process:
            try:
                ready.recv(200)
                return {"modules": int(count.read_text()), **memory_of(process.pid)}
            finally:
                process.send_signal(signal.SIGTERM)


def main() -> None:
    """Measure and print."""
    rows: dict[str, Row] = {"(bare interpreter)": bare("pass"), "(bare asyncio)": bare("import asyncio")}
    with tempfile.TemporaryDirectory() as directory:
        upgrade(f"sqlite:///{directory}/decnet.db")
        for name in worker_registry.names():
            if name != "sniff" or os.geteuid() == 0:
                rows[f"decnet-{name}"] = worker(name, Path(directory))
    rows |= {name: command(place) for name, place in COMMANDS.items()}
    floor = float(rows["(bare asyncio)"]["pss"])
    for row in rows.values():
        row["ratio"] = round(float(row["pss"]) / floor, 2)
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    print(f"Python {sys.version.split()[0]}; MiB; ratio is PSS to bare asyncio's\n")
    print(f"{'script':20} {'modules':>8} {'RSS':>7} {'PSS':>7} {'USS':>7} {'ratio':>6}")
    for name, row in rows.items():
        print(f"{name:20} {row['modules']:>8} {row['rss']:>7} {row['pss']:>7} {row['uss']:>7} {row['ratio']:>6}")


if __name__ == "__main__":
    main()
