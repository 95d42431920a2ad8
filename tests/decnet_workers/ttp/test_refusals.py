# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.ttp.library import SHIPPED, Library, load
from decnet_workers.ttp.sigma.document import documents
from decnet_workers.ttp.sigma.errors import RuleError
from decnet_workers.ttp.sigma.rule import parse

GOOD = """\
title: Good
id: 6f1b2f3e-93ab-4c1c-9c38-1f6b0a1f9d10
name: good
tags:
  - attack.execution
  - attack.t1059.004
logsource:
  product: decnet
  category: session.command
detection:
  selection:
    command|contains: wget
  condition: selection
level: high
"""
COUNT = """\
title: Many
id: 0d0a2c7c-6d38-4a0c-8c6f-4ce1c8f0c001
tags: [attack.t1110.001]
correlation:
  type: event_count
  rules: [good]
  group-by: [src_ip]
  timespan: 5m
  condition:
    gte: 5
"""
LibraryOf = Callable[[str], Library]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "category: session.command",
            "category: session.comand",
            9,
            "no kind of event 'session.comand'; did you mean 'session.command'?",
        ),
        ("command|contains", "comand|contains", 12, "session.command has no field 'comand'; did you mean 'command'?"),
        ("command|contains", "command|contain", 12, "no modifier 'contain'; did you mean 'contains'?"),
        ("command|contains", "command|expand", 12, "no modifier 'expand'"),
        ("t1059.004", "t1059.044", 6, "no technique T1059.044; did you mean"),
        ("t1059.004", "t1002", 6, "no technique T1002; it became T1560"),
        ("attack.execution", "attack.executoin", 5, "no tactic 'executoin'; did you mean 'execution'?"),
        (
            "product: decnet",
            "product: linux",
            8,
            "the log source (product linux, category session.command) is not known",
        ),
        ("  category:", "  service: ssh\n  category:", 9, "has no 'service'"),
        (
            "condition: selection",
            "condition: selektion",
            13,
            "names 'selektion', which the detection does not have; did you mean",
        ),
        ("level: high", "level: hihg", 14, "level cannot be 'hihg'; did you mean 'high'?"),
        ("id: 6f1b2f3e-", "id: ", 2, "must be a UUID"),
        ("title: Good", "titel: Good", 1, "no 'title'"),
        ("command|contains: wget", "command|re: '(?=x)'", 12, "not a regular expression of RE2"),
        ("command|contains: wget", "command|gt: 5", 12, "compares a field of numbers"),
        ("command|contains: wget", "command: true", 12, "holds text"),
        ("command|contains: wget", "known: maybe", 12, "holds a flag"),
        ("command|contains: wget", "src_ip|cidr: 192.0.2.0/99", 12, "is not a network"),
        ("command|contains: wget", "command|contains: []", 12, "has no value"),
        ("command|contains: wget", "command|contains: null", 12, "null with 'contains'"),
        ("    command|contains: wget", "    command: a\n    command: b", 13, "stands here twice"),
        ("    command|contains: wget", "    {}", 11, "empty selection"),
        ("    command|contains: wget", "    command|re: [ls", 13, "not valid YAML"),
        ("detection:", "extra: [&x a, *x]\ndetection:", 10, "anchors are not used"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_line_and_advice(
    library_of: LibraryOf, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    (refusal,) = library_of(GOOD.replace(old, new)).refused
    assert refusal.file.name == "rules.yml"
    assert (refusal.line, words in refusal.reason) == (line, True), str(refusal)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rules: [good]", "rules: [goood]", "no loaded rule; did you mean 'good'?"),
        ("type: event_count", "type: temporl", "type cannot be 'temporl'; did you mean 'temporal'?"),
        ("type: event_count", "type: temporal", "temporal needs two rules"),
        ("type: event_count\n  rules: [good]", "type: temporal\n  rules: [good, good]", "names a rule twice"),
        ("type: event_count\n  rules: [good]", "type: temporal_ordered\n  rules: [good, good]", "has no condition"),
        ("group-by: [src_ip]", "group-by: [password]", "cannot be grouped by 'password'"),
        ("timespan: 5m", "timespan: 5 minutes", "such as 5m"),
        ("gte: 5", "lte: 5", "one of gte, gt"),
        ("gte: 5", "gte: 100000", "counts to 2 at least"),
        ("gte: 5", "gte: 5\n    field: command", "value_count, and only that"),
        ("type: event_count", "type: value_count", "value_count, and only that"),
        ("tags: [attack.t1110.001]", "tags: []", "could never tag"),
        ("timespan: 5m", "timespan: 5m\n  window: x", "no 'window'"),
        ("timespan: 5m", "timespan: 5m\n  aliases: x", "'aliases' must be a map"),
        ("timespan: 5m", "timespan: 5m\n  aliases: {decky: {good: src_ip}}", "alias 'decky' is not in 'group-by'"),
        ("timespan: 5m", "timespan: 5m\n  aliases: {src_ip: {god: decky}}", "'god', which is not counted"),
        ("rules: [good]", "rules: [0d0a2c7c-6d38-4a0c-8c6f-4ce1c8f0c001]", "in a circle"),
    ],
)
def test_a_wrong_correlation_is_refused_and_its_rule_is_kept(
    library_of: LibraryOf, old: str, new: str, words: str
) -> None:
    assert old in COUNT
    library = library_of(GOOD + "---\n" + COUNT.replace(old, new))
    (refusal,) = library.refused
    assert words in refusal.reason
    assert refusal.line >= 16
    assert len(library) == 1


def test_a_refused_rule_stops_no_other(library_of: LibraryOf) -> None:
    other = GOOD.replace("6f1b2f3e", "7f1b2f3e")
    library = library_of(GOOD.replace("command|", "comand|") + "---\n" + other)
    assert (len(library), len(library.refused)) == (1, 1)


def test_the_second_rule_of_one_id_is_refused(library_of: LibraryOf) -> None:
    library = library_of(GOOD + "---\n" + GOOD)
    assert len(library) == 1
    assert "already" in library.refused[0].reason
    assert library.refused[0].line == 16


def test_a_rule_that_can_tag_nothing_is_refused(library_of: LibraryOf) -> None:
    library = library_of(GOOD.replace("  - attack.t1059.004\n", ""))
    assert "could never tag" in library.refused[0].reason
    assert len(library) == 0


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.yml").write_text("# " + "x" * (1 << 18))
    (tmp_path / "c.yaml").write_text(GOOD)
    library = load([tmp_path])
    assert [refusal.file.name for refusal in library.refused] == ["a.yml", "b.yml"]
    assert len(library) == 1


def test_anchors_that_unfold_to_gigabytes_are_refused(library_of: LibraryOf) -> None:
    layers = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 30))
    library = library_of("l0: &l0 [x]\n" + layers)
    assert "anchors" in library.refused[0].reason


def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from([file.read_text() for file in sorted(SHIPPED.glob("*.yml"))[:12]] + [GOOD, COUNT]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 12)))
        text = (
            text[:at]
            + draw(st.sampled_from(["", ":", "[", "{", "\n", "- ", "*", "|", "\t", "'", "&a ", "\0", "é"]))
            + text[end:]
        )
    return text


@given(st.composite(mutated)() | st.text())
def test_any_text_is_rules_or_refused_with_a_line(text: str) -> None:
    refused = None
    try:
        for document in documents(text):
            parse(document)
    except RuleError as error:
        refused = error
    assert refused is None or (1 <= refused.line <= len(text) + 1 and str(refused).strip())
