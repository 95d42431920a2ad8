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

import msgspec
import pytest
from tests.decnet.command_result import Run
from tests.fleet.howto import ROOT, blocks

from decnet.fleet.deployment import Deployment, transaction
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition
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
    commands = [shlex.split(line) for line in re.findall(r"`decnet webhook add ([^`]*)`", PAGE)]
    said = run("webhook", "add", *commands[0], "--no-test", "--json").document
    formats = {said["format"]}
    with transaction(deployment, write=True) as connection:
        for words in commands[1:]:
            private = "--allow-private" in words
            more = definition([word for word in words[1:] if word != "--allow-private"])
            said = msgspec.structs.replace(more, url=words[0], allow_private=private)
            added = endpoints.add(connection, deployment, said)
            formats.add(added.format)
    assert formats == set(FORMATS)


def definition(words: list[str]) -> Definition:
    """Return what the options of a command say."""
    pairs = list(zip(words[::2], words[1::2], strict=True))
    options = dict(value.split("=", 1) for name, value in pairs if name == "--option")
    said = {name: value for name, value in pairs if name != "--option"}
    assert set(said) <= {"--format", "--token"}
    return Definition(format=said.get("--format"), token=said.get("--token"), options=options)


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
