# SPDX-License-Identifier: MIT
"""What a browser's test may do beside the page: run a command of the operator, attack a decky, kill a worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.decnet_web.browser.attackers import attack, browse
from tests.fleet.up_process import Up


class Control(ThreadingHTTPServer):
    """Answers POST / with the result of an order, both as JSON, on a free port of loopback."""

    daemon_threads = True

    def __init__(self, fleet: Up) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fleet = fleet
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def cli(self, arguments: list[str]) -> dict[str, Any]:
        """Run `decnet ARGUMENTS` on the fleet."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        given = {"DECNET_STATE_DIR": str(self.fleet.state), "DECNET_SETTINGS": str(self.fleet.root / "decnet.toml")}
        command = [sys.executable, "-m", "decnet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={**outer, **given}, check=False, timeout=60)
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

    def attack(self, order: dict[str, Any]) -> dict[str, Any]:
        """Log in to the decky of number `host` (10: web-01) from `source` over SSH, and type `commands`."""
        host = f"127.77.{self.fleet.block}.{order.pop('host', 10)}"
        return {"entered": asyncio.run(attack(host, order.pop("source"), **order))}

    def browse(self, order: dict[str, Any]) -> dict[str, Any]:
        """Ask a decky's web server for `paths`."""
        browse(f"127.77.{self.fleet.block}.{order.pop('host', 10)}", order.pop("source"), **order)
        return {}

    def kill(self, worker: str) -> dict[str, Any]:
        """Kill the process of a worker."""
        report = self.fleet.report()
        assert report is not None
        killed = [status.pid for status in report.workers if status.name == worker and status.pid]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return {"killed": killed}


class _Handler(BaseHTTPRequestHandler):
    server: Control

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            ((name, what),) = order.items()
            assert name in ("cli", "attack", "browse", "kill")
            status, result = 200, getattr(self.server, name)(what)
        except Exception as error:
            status, result = 500, {"error": repr(error)}
        body = json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
