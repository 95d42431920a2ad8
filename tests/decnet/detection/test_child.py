# SPDX-License-Identifier: MIT
"""The child that reads rules: without events to try them on it does without the database library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from decnet.detection.values import Catalogue, Order, Tried

RULE = """\
title: Hello said
id: 7c1f9a52-0000-4000-8000-000000000001
description: Somebody says hello.
tags: [attack.t1033]
logsource: {product: decnet, category: session.command}
detection: {selection: {command|contains: hello}, condition: selection}
level: low
"""
ASKED = """
import sys
from decnet.detection.child import main
main()
print({"sqlalchemy", "typer"} & sys.modules.keys(), file=sys.stderr)
"""


def answered(order: Order) -> bytes:
    """What the child says; nothing that takes long to load is loaded."""
    question = msgspec.json.encode(order) + b"\n"
    done = subprocess.run([sys.executable, "-c", ASKED], input=question, capture_output=True, check=True)
    assert done.stderr == b"set()\n"
    return done.stdout


def test_rules_are_listed_without_the_database_library(tmp_path: Path) -> None:
    (tmp_path / "hello.yml").write_text(RULE)
    found = msgspec.json.decode(answered(Order((str(tmp_path),), listing=True)), type=Catalogue)
    assert [(one.title, one.level) for one in found.rules] == [("Hello said", "low")]
    assert not found.refused


def test_a_text_is_checked_without_the_database_library(tmp_path: Path) -> None:
    file = tmp_path / "hello.yml"
    file.write_text(RULE.replace("t1033", "t9999"))
    found = msgspec.json.decode(answered(Order((), str(file), seconds=1.0)), type=Tried)
    assert [one.line for one in found.refused] == [4]
    assert (found.events, found.complete) == (0, True)
