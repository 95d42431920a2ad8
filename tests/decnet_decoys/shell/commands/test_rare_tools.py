# SPDX-License-Identifier: MIT
"""Programs of a minimal Debian that few know: what they print there, and that they are bounded."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns

from decnet_decoys.shell.machine.machine import Machine


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("printf 'a b\\nb c\\nd d\\n' | tsort", "a\nd\nb\nc\n"),
        ("printf 'a b\\nb a\\n' | tsort 2>&1; echo $?",
         "tsort: -: input contains a loop:\ntsort: a\ntsort: b\na\nb\n1\n"),
        ("printf 'a b c' | tsort 2>&1", "tsort: -: input contains an odd number of tokens\n"),
        ("printf 'abcdef\\n\\tx\\n' | colrm 3 5; echo abc | colrm x 2>&1", "abf\n     x\ncolrm: first argument: 'x'\n"),
        ("cd /tmp; pwdx $$ | cut -d: -f2; pwdx 99999 2>&1; pwdx x 2>&1",
         " /tmp\n99999: No such process\npwdx: invalid process id: x\n"),
        ("ipcs -q", "\n------ Message Queues --------\n"
         "key        msqid      owner      perms      used-bytes   messages    \n\n"),
        ("ipcrm -m 1 2>&1; ipcrm -q x 2>&1; lsipc | wc -l",
         "ipcrm: invalid id (1)\nipcrm: failed to parse argument: 'x'\n13\n"),
        ("setpriv --reuid=1000 --clear-groups id -u; setpriv --dump | head -1; setpriv 2>&1",
         "1000\nuid: 0\nsetpriv: No program specified\n"),
        ("wipefs /dev/nosuch 2>&1; findfs LABEL=x 2>&1; echo $?",
         "wipefs: error: /dev/nosuch: probing initialization failed: No such file or directory\n"
         "findfs: unable to resolve 'LABEL=x'\n2\n"),
        ("hwclock 2>&1 | head -1; ipcs --version",
         "hwclock: Cannot access the Hardware Clock via any known method.\nipcs from util-linux 2.38.1\n"),
    ],
)  # fmt: skip
def test_a_rare_tool_prints(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


@pytest.mark.parametrize(
    "line",
    [
        "seq 20000 | tsort",
        "for i in $(seq 900); do echo a$i b$i b$i a$i; done | tsort",
        "seq 99999 | tr '\\n' ' ' | colrm 5 99999999999",
        "pwdx $(seq 5000)",
        "ipcrm $(seq -f '-m %g' 3000)",
        "setpriv setpriv setpriv --reuid=0 setpriv --dump",
    ],
)
def test_a_rare_tool_is_bounded(machine: Machine, line: str) -> None:
    assert keeps_turns(root_shell(machine), line, b"", allowed=0.1, at_most=1)
