# SPDX-License-Identifier: MIT
"""Programs in a network namespace whose resolver keeps what it is asked, for a canary that is elsewhere."""

from __future__ import annotations

import os
import shlex
import socket
from pathlib import Path

import pytest
from tests.fleet.canary_programs.conftest import needs, run

RESOLVER = """
import itertools, socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 53))
open("resolver.ready", "w").close()
for number in itertools.count():
    question, client = sock.recvfrom(2048)
    with open(f"question.{number}", "wb") as file:
        file.write(question)
    sock.sendto(question[:2] + b"\\x81\\x83" + question[4:], client)  # there is no such name
"""
ALONE = needs("unshare", "mount", "ip")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


async def run_asking(script: str, *, home: Path, dns: tuple[str, int], **environment: str) -> str:
    """Run a shell script that can reach nothing but a resolver; pass on to `dns` what it asked; return what it said."""
    (home / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (home / "resolver.py").write_text(RESOLVER)
    begin = (
        "ip link set lo up; mount --bind resolv.conf /etc/resolv.conf; python3 resolver.py & resolver=$!; "
        "while [ ! -e resolver.ready ]; do sleep 0.05; done; "
    )
    whole = f"{begin}sh -c {shlex.quote(script)}; kill $resolver"
    said = await run("unshare", "--net", "--mount", "sh", "-c", whole, home=home, **environment)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for file in sorted(home.glob("question.*")):
            sock.sendto(file.read_bytes(), dns)
    return said
