# SPDX-License-Identifier: MIT
"""`decnet up` on the host of the drill's LAN, and what it is told to deploy."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from decnet.cli.errors import OperatorError
from decnet.drill.lan.machines import BRIDGE, NETWORK, Lan
from decnet.drill.private import environment, running
from decnet.fleet.deployment import Deployment, find_deployment

PORTS = {"ssh": 22, "http": 80}
NAME = "machine"
PERSONA = "debian-web"
_FIRST = "10.77.1.1"
_COMMAND_SECONDS = 120.0

_SETTINGS = """\
[reconciler]
runtimes = ["{runtime}"]
namespaces = "{namespaces}"

[canary]
http_listen = "127.0.0.1:8880"
dns_listen = "127.0.0.1:8853"
"""
_DOCUMENT = """\
[network]
runtime = "{runtime}"
interface = "{interface}"
subnets = ["{network}"]

[[decky]]
name = "{name}"
count = {count}
address = "{first}"
persona = "{persona}"
"""


@contextlib.contextmanager
def fleet(lan: Lan, directory: Path, runtime: str) -> Iterator[Deployment]:
    """Run a fleet on the host; raises OperatorError when it does not start."""
    settings = directory / "decnet.toml"
    settings.write_text(_SETTINGS.format(runtime=runtime, namespaces=lan.deckies), encoding="utf-8")
    given = {"DECNET_STATE_DIR": str(directory / "state"), "DECNET_SETTINGS": str(settings)}
    with environment(given), running(directory, "fork", start=lan.on_host):
        yield find_deployment()


def deploy(lan: Lan, directory: Path, runtime: str, count: int, persona: str = PERSONA) -> None:
    """Make the fleet this many deckies of a persona, by default with SSH and a web server; raises OperatorError."""
    document = directory / "fleet.toml"
    values = {
        "runtime": runtime,
        "interface": BRIDGE,
        "network": NETWORK,
        "first": _FIRST,
        "persona": persona,
        "name": NAME,
    }
    text = _DOCUMENT.format(count=count, **values) if count else ""
    document.write_text(text, encoding="ascii")
    run_decnet(lan, "deploy", str(document), "--yes")


def run_decnet(lan: Lan, *arguments: str) -> None:
    """Run a command of the operator on the host; raises OperatorError with what it says when it fails."""
    command = [sys.executable, "-m", "decnet", *arguments]
    done = lan.on_host(
        lambda: subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    )
    if done.returncode:
        raise OperatorError(f"decnet {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
