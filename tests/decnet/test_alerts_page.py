# SPDX-License-Identifier: MIT
"""`docs/howto/send-alerts.md`: its commands are accepted as they stand, and its four verifiers verify."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.decnet.command_result import Run
from tests.fleet.howto import ROOT, blocks

from decnet.fleet.deployment import Deployment
from decnet_workers.webhook.formats.registry import FORMATS
from decnet_workers.webhook.signature import sign, written

PAGE = (ROOT / "docs" / "howto" / "send-alerts.md").read_text()
SECRET, BODY = bytes(range(32)), 'Grüße, "Slack"\n'.encode()
VERIFIERS = {
    "verify.py": [sys.executable],
    "verify.js": ["node"],
    "verify.sh": ["bash"],
    "verify.pl": ["perl"],
}


def test_every_command_of_the_page_is_accepted_and_every_format_has_one(run: Run, deployment: Deployment) -> None:
    lines = re.findall(r"`decnet (webhook add [^`]*)`", PAGE)
    for line in lines:
        said = run(*shlex.split(line), "--no-test")
        assert said.code == 0, (line, said.err)
    added = {status["webhook"]["format"] for status in run("webhook", "list", "--json").document}
    assert added == set(FORMATS)
    assert len(lines) == len(run("webhook", "list", "--json").document)


@pytest.mark.parametrize("name", VERIFIERS)
def test_verifier_of_the_page_accepts_what_is_ours_and_nothing_else(name: str, tmp_path: Path) -> None:
    program = VERIFIERS[name]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    (tmp_path / name).write_text(next(block.text for block in blocks("send-alerts") if block.file == name))
    now = int(time.time())

    def verified(message: str = "msg_1", sent: int = now, body: bytes = BODY, signature: str | None = None) -> bool:
        given = sign(SECRET, "msg_1", now, BODY) if signature is None else signature
        values = {"ID": message, "TIMESTAMP": str(sent), "SECRET": written(SECRET), "SIGNATURE": given}
        environment = {**os.environ, **{f"WEBHOOK_{key}": value for key, value in values.items()}}
        done = subprocess.run([*program, str(tmp_path / name)], input=body, env=environment, check=False, timeout=60)
        return done.returncode == 0

    assert verified()
    assert verified(signature=f"v1,AAAA {sign(SECRET, 'msg_1', now, BODY)}")
    assert not verified(body=BODY + b"x")
    assert not verified(signature="v1,AAAA")
    assert not verified(message="msg_2")
    old = now - 3600
    assert not verified(sent=old, signature=sign(SECRET, "msg_1", old, BODY))
