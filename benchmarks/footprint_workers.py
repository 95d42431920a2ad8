# SPDX-License-Identifier: MIT
"""Which workers the footprint benchmark measures, and the settings that switch them on.

`usual` are those that are on without further settings. `eight` is the data path, `twelve` also what a sensor runs and
the listener, `all` every worker that is installed; these run in a network namespace of their own, whose loopback the
sniffer hears. The forwarder sends to the listener of the same fleet. Nobody works on the deckies meanwhile: the
synthetic users of `orchestrator` have no sessions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from enrolled import enrol

from decnet_core.runtime import worker_registry
from decnet_core.state import StateSettings

EIGHT = frozenset({"bus", "canary", "collect", "decoys", "ingest", "profiler", "ttp", "webhook"})
TWELVE = EIGHT | {"forwarder", "listener", "probe", "sniff"}
WORKERS = ("usual", "eight", "twelve", "all")
_SERVER = "127.77.99.1:16514"
_ALONE = "DECNET_BENCHMARK_ALONE"
"""Set in the namespace."""

_OF_TWELVE = f"""
[sniff]
interfaces = ["lo"]
ignore = ["127.77.99.0/24"]
[probe]
enabled = true
[forwarder]
server = "{_SERVER}"
[listener]
listen = "{_SERVER}"
"""
_OF_ALL = """
[orchestrator]
enabled = true
sessions_per_day = 0
[enrich]
providers = ["partners"]
[[enrich.lists]]
name = "partners"
source = "{listed}"
[reporter]
at = "07:00"
"""


def enter_namespace() -> None:
    """Execute this program again in a network namespace of its own; SystemExit without the right to make one."""
    if _ALONE in os.environ:
        return
    if os.geteuid() != 0:
        raise SystemExit("sniff is measured in a network namespace of its own, which needs root")
    inside = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv)
    raise SystemExit(
        subprocess.run(["unshare", "--net", *inside], env=os.environ | {_ALONE: "1"}, check=False).returncode
    )


def omitted(workers: str) -> list[str]:
    """Return the installed workers that do not run."""
    wanted = {"eight": EIGHT, "twelve": TWELVE}.get(workers)
    return [name for name in worker_registry.names() if wanted is not None and name not in wanted]


def settings_of(workers: str, root: Path, state: Path) -> str:
    """Return the settings that switch the workers on, once what these name is made."""
    if workers not in ("twelve", "all"):
        return ""
    enrol(state, state, _SERVER, StateSettings().sensor_name)
    if workers == "twelve":
        return _OF_TWELVE
    listed = root / "partners.txt"
    listed.write_text("198.18.0.0/20\n")
    return _OF_TWELVE + _OF_ALL.format(listed=listed)
