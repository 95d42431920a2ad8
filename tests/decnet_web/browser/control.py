# SPDX-License-Identifier: MIT
"""What a browser's test may do beside the page: run a command of the operator, attack a decky, kill a worker, wait
until what was done is handled."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.decnet_web.browser.attackers import PATIENCE, attack, browse
from tests.fleet.up_process import Up, until

from decnet_models.database.engine import open_engine, reading
from decnet_models.events.queries import last_seq
from decnet_models.progress.queries import cursor_of

ORDERS = ("cli", "attack", "leave", "browse", "kill", "handled")
_STAY_SECONDS = 600
"""An attacker who is not told to leave does so then."""
_WATCHMAN = "127.9.3.250"
"""Who asks a decky for a page whose event shows how far the workers are."""


class Control(ThreadingHTTPServer):
    """Answers POST / with the result of an order, both as JSON, on a free port of loopback."""

    daemon_threads = True

    def __init__(self, fleet: Up) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fleet = fleet
        self._marks = itertools.count(1)
        self._leaving: dict[str, threading.Event] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def cli(self, arguments: list[str]) -> dict[str, Any]:
        """Run `decnet ARGUMENTS` on the fleet."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        given = {"DECNET_STATE_DIR": str(self.fleet.state), "DECNET_SETTINGS": str(self.fleet.root / "decnet.toml")}
        command = [sys.executable, "-m", "decnet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={**outer, **given}, check=False, timeout=300)
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

    def attack(self, order: dict[str, Any]) -> dict[str, Any]:
        """Log in to the decky of number `host` (10: web-01) from `source` over SSH, and type `commands`.

        With `stay` the session is open until the order `leave`.
        """
        host = f"127.77.{self.fleet.block}.{order.pop('host', 10)}"
        source, leaving = order.pop("source"), None
        if order.pop("stay", False):
            event = self._leaving[source] = threading.Event()
            leaving = functools.partial(asyncio.to_thread, event.wait, _STAY_SECONDS)
        return {"entered": asyncio.run(attack(host, source, leaving=leaving, **order))}

    def leave(self, source: str) -> dict[str, Any]:
        """Have the attacker leave who stays."""
        self._leaving.pop(source).set()
        return {}

    def browse(self, order: dict[str, Any]) -> dict[str, Any]:
        """Ask a decky's web server for `paths`."""
        browse(f"127.77.{self.fleet.block}.{order.pop('host', 10)}", order.pop("source"), **order)
        return {}

    def kill(self, worker: str) -> dict[str, Any]:
        """Kill the process of a worker, once it has one."""
        found: list[int] = []

        def runs() -> bool:
            report = self.fleet.report()
            found[:] = [one.pid for one in report.workers if one.name == worker and one.pid] if report else []
            return bool(found)

        until(runs)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):  # it was replaced, and is asked for at the next order
                os.kill(pid, signal.SIGKILL)
        return {"killed": found}

    def handled(self, _: None = None) -> dict[str, Any]:
        """Wait until what was done on deckies is in the event log, and profiler and ttp have handled it."""
        mark = f"/handled-{next(self._marks)}"
        browse(f"127.77.{self.fleet.block}.10", _WATCHMAN, (mark,))  # what came before it is before it in the spool
        until(lambda: mark in self.fleet.recorded(), PATIENCE)
        engine = open_engine(f"sqlite:///{self.fleet.state / 'decnet.db'}", read_only=True)
        try:
            with reading(engine) as connection:
                head = last_seq(connection)

            def reached() -> bool:
                with reading(engine) as connection:
                    return all(cursor_of(connection, worker) >= head for worker in ("profiler", "ttp"))

            until(reached, PATIENCE)
        finally:
            engine.dispose()
        return {"head": head}


class _Handler(BaseHTTPRequestHandler):
    server: Control

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            ((name, what),) = order.items()
            assert name in ORDERS
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
