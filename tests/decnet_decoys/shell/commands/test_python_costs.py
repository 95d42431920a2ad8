# SPDX-License-Identifier: MIT
"""Programs of Python that try to cost much, to make Python itself fail, or to see what it is that plays them."""

from __future__ import annotations

import re
import shlex
import tracemalloc

import pytest
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns, measured

from decnet_decoys.shell.effects import Pause
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine

_DAG = "a=b=[1]\nb=[1]\nfor i in range(40):\n a=[a,a]\n b=[b,b]\n"
"""Two lists of a trillion elements each, in forty lists."""
_COLLIDING = "m=(1<<61)-1\nz=(1<<3000)-1\nc=[(z*16+i)*m for i in range(3000)]\n"
"""Large numbers of one hash."""
SLOW = (
    "print(*[[0] * 900] * 60)",
    _DAG + "print(1, end=a)",
    _DAG + "exit(a)",
    _DAG + "exec(a)",
    _DAG + "getattr(1, a)",
    _DAG + "import os; os.system(a)",
    _DAG + "import pwd; pwd.getpwnam(a)",
    _DAG + "print(OSError(1, 'x', a))",
    _DAG + "max([0, 1], key=lambda i: [a, b][i])",
    _DAG + "class C:\n def __str__(self): return a\nprint(C())",
    "a = Exception(1)\nfor i in range(40): a = Exception(a, a)\nprint(a)",
    "class E(Exception): pass\na = E(1)\nfor i in range(40): a = E(a, a)\nprint([a])",
    "t = (str,)\nfor i in range(40): t = (t, t)\nissubclass(int, t)",
    "class A: pass\nclass B(*[A]*200): pass\nclass C(*[B]*200): pass\nclass D(*[C]*200): pass\nD().x",
    "import re\nre.sub('a', (chr(92) + '9') * 20000, 'a' * 500)",
    "import re\nre.search('(' * 900 + '.*' + ')' * 900, 'a' * 60000)",
    "import re\nfor i in range(5): re.finditer('a', 'a' * 500)",
    "('a' * 65536).rfind('ab' + 'a' * 32000)",
    "('a' * 65536).strip('b' * 65000 + 'a')",
    "pow((1 << 8190) + 1, 512)",
    "import random\nrandom.choices([0] * 5000, k=5000)",
    _COLLIDING + "s = set()\ns.update(c)",
    _COLLIDING
    + "d = {}\nfor i in c[:2800]: d[i] = 0\nfor i in c[:900]: del d[i]\nx = dict(d)\ny = d.copy()\nz = {**d}",
    "a;" * 8000,
    "exec('a;' * 8000)",
)


@pytest.mark.parametrize("program", at_scale(SLOW, always=5), ids=range(len(SLOW)))
def test_no_step_of_a_program_takes_long(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    measured(Interpreter(shell).run("python3 -c 'import re; re.sub(chr(97), chr(98), chr(97))'", b""), at_most=5)
    assert keeps_turns(shell, f"python3 -c {shlex.quote(program)}", b"", allowed=0.04, at_most=3)


LARGE = (
    "print(*[1] * 5000, sep='a' * 60000)",
    "(5).to_bytes(length=1 << 27, byteorder='little')",
    "{}.fromkeys(range(500_000))",
    "('a' * 2000).translate({97: 'x' * 60000})",
    "x = [0] * 5000\nzip(*[x] * 1000)",
    "import threading\nthreading.Thread(target=print, args=range(1_000_000)).start()",
    "import os\nos.path.join(*['a' * 60000] * 1000)",
    "import re\nre.sub('.*', (chr(92) + '0') * 500, 'a' * 60000)",
    "fs = [open('/bin/bash', 'rb') for i in range(500)]",
    "x = [0] * 5000\nfs = [iter(x) for i in range(1000)]",
    "x = [0] * 5000\ndef f(*a): return lambda: a\nk = [f(*x) for i in range(2000)]",
    "class A: pass\na = A()\nfor i in range(2000): setattr(a, 'x%d' % i, i)\nk = [a.__dict__ for i in range(1000)]",
    "def f(n):\n try: f(n + 1)\n finally: f(n + 1)\nf(0)",
    "import socket\nfs = [socket.socket() for i in range(4900)]",
    "fs = []\ns = 'def f():\\n ' + 'a;' * 2000\nfor i in range(20):\n exec(s)\n fs.append(f)",
)


@pytest.mark.parametrize("program", at_scale(LARGE, always=4), ids=range(len(LARGE)))
def test_what_a_program_holds_is_bounded(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    measured(Interpreter(shell).run("python3 -c 'import re,os,socket,threading'", b""), at_most=5)
    tracemalloc.start()
    try:
        measured(Interpreter(shell).run(f"python3 -c {shlex.quote(program)}", b""), at_most=20)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20 << 20


WITH_AN_END = (
    "import os, time\ntry: time.sleep(1000)\nfinally: os.mkdir('/tmp/ended')",
    "import os, time\nclass A:\n def __enter__(self): pass\n"
    " def __exit__(self, *a): os.mkdir('/tmp/ended')\nwith A(): time.sleep(1000)",
)


@pytest.mark.parametrize("program", WITH_AN_END, ids=["finally", "with"])
def test_nothing_of_a_program_runs_when_its_session_has_ended(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    effects = Interpreter(shell).run(f"python3 -c {shlex.quote(program)}", b"")
    assert any(isinstance(effect, Pause) and effect.seconds == 1000 for effect in effects)
    effects.close()
    assert not shell.files.exists("/tmp/ended")


ENDS: dict[str, str] = {
    "d = {1: 1}\nfor k in d: d[k + 1] = 1": "RuntimeError: dictionary changed size during iteration",
    "raise Exception('x' * 65000)": "x" * 100,
    "class E(Exception):\n def __str__(self): raise E()\nraise E()": "__main__.E: <exception str() failed>",
    "class E(Exception):\n def __str__(self): exit()\nraise E()": "__main__.E: <exception str() failed>",
}


@pytest.mark.parametrize("program", ENDS)
def test_error_that_a_program_provokes_is_its_own(machine: Machine, program: str) -> None:
    run = Player(root_shell(machine))
    assert ENDS[program] in run(f"python3 -c {shlex.quote(program)} 2>&1").text


TELLTALE = (
    "def f(): pass\nimport sys\nprint(type(f), type(sys), type(print), f.__class__, type(sys.stdout), type([].pop))",
    "class A: pass\nprint(type(A), type(A()), Exception(A(), 1), type(A()).__name__)",
    "def f(): pass\n[1].index(f)",
    "def f(): pass\n{}[f]",
    "import re\nprint(re.compile('a').search(play=Exception))",
    "class A: pass\nA() < A()",
    "def f(): pass\n','.join([f])",
)


@pytest.mark.parametrize("program", TELLTALE)
def test_program_does_not_see_what_plays_it(machine: Machine, program: str) -> None:
    run = Player(root_shell(machine))
    shown = run(f"python3 -c {shlex.quote(program)} 2>&1").text
    assert not re.search("decnet|Instance|Function|Record", shown)


def test_encoding_that_a_program_names_is_not_looked_up(machine: Machine) -> None:
    import encodings

    run = Player(root_shell(machine))
    line = "import urllib.parse\nprint(urllib.parse.quote('a b', encoding='nosuch_77'))"
    assert run(f"python3 -c {shlex.quote(line)}").text.strip() == "a%20b"
    assert "nosuch_77" not in encodings._cache
