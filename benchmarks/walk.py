# SPDX-License-Identifier: MIT
"""How long a newcomer waits: the commands of the quick start and of the alerts page, timed on a fresh state directory.

Seconds by the clock on the wall, each beside what is asked of it: until the first attack is shown with its attacker,
until a Slack-format receiver has its test, until an attack is told there as an incident, for "what happened last
night", and until a machine of a LAN has met deckies with addresses of their own (`decnet drill --runtime netns`).
As root; in a network namespace of its own. Installing is not part of it: that depends on the package index.
"""

from __future__ import annotations

import argparse
import http.client
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

DECNET = [sys.executable, "-m", "decnet"]
DECOY = ("127.77.0.10", 8080)
FIRST, SECOND = "127.9.8.7", "127.9.8.8"
"""Attackers: the incident of the first begins before the receiver is there."""
ASKED = {"first_value": 60, "slack_test": 60, "slack_incident": 60, "last_night": 60, "decky_on_lan": 120}
"""Seconds."""
_ALONE = "DECNET_WALK_ALONE"
_LONGEST = 300.0


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers as Slack does, and keeps what came."""

    got: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


def decnet(*arguments: str) -> str:
    return subprocess.run([*DECNET, *arguments], capture_output=True, text=True, check=True).stdout


def timed(until: Callable[[], object]) -> float:
    """Return the seconds until a condition holds; SystemExit when that takes too long."""
    began = time.monotonic()
    while not until():
        if time.monotonic() - began > _LONGEST:
            sys.exit("it took too long")
        time.sleep(0.1)
    return round(time.monotonic() - began, 2)


@contextmanager
def fleet(ready: Path) -> Iterator[None]:
    """`decnet up`, stopped in the end."""
    command = [*DECNET, "up", "--plain", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
        try:
            yield
        finally:
            up.terminate()


def visit(source: str) -> bool:
    """Ask a decky for what intruders ask for; whether it answered."""
    connection = http.client.HTTPConnection(*DECOY, timeout=10, source_address=(source, 0))
    try:
        connection.request("GET", "/.env")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def told(name: str, until: Callable[[], object]) -> float:
    """Measure one step, and say it at once."""
    seconds = timed(until)
    print(f"{name}: {seconds} s, asked {ASKED[name]} s", file=sys.stderr, flush=True)
    return seconds


def walk(folder: Path) -> dict[str, float]:
    """Go through the pages; the fleet is up when the first attack has been seen."""
    found: dict[str, float] = {}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with fleet(folder / "ready"):
        found["first_value"] = told("first_value", lambda: visit(FIRST) and FIRST in decnet("attackers"))
        url = f"http://127.0.0.1:{server.server_port}/"
        adding = ("webhook", "add", url, "--format", "slack", "--allow-private")
        found["slack_test"] = told("slack_test", lambda: "delivered" in decnet(*adding))
        before = len(Receiver.got)
        visit(SECOND)
        found["slack_incident"] = told("slack_incident", lambda: len(Receiver.got) > before)
        asking = ("summary", "--since", "yesterday")
        found["last_night"] = told("last_night", lambda: SECOND in decnet(*asking))
    server.shutdown()
    return found


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if _ALONE not in os.environ:
        alone = 'ip link set lo up && exec "$@"'
        command = ["unshare", "--net", "sh", "-c", alone, "-", sys.executable, *sys.argv]
        return subprocess.run(command, env={**os.environ, _ALONE: "1"}, check=False).returncode
    with tempfile.TemporaryDirectory(prefix="decnet-walk-") as name:
        os.environ["DECNET_STATE_DIR"] = f"{name}/state"
        found = walk(Path(name))
    drill = ("drill", "--runtime", "netns", "--deckies", "2", "--json")
    found["decky_on_lan"] = told(
        "decky_on_lan", lambda: all(one["holds"] for one in json.loads(decnet(*drill))["outcomes"])
    )
    report = {name: {"seconds": seconds, "asked": ASKED[name]} for name, seconds in found.items()}
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0 if all(one["seconds"] <= one["asked"] for one in report.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
