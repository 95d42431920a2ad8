# SPDX-License-Identifier: MIT
"""Programs of Python: what they print and how they end, as Debian's Python 3.11 has it; nothing of them is ever run."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns

from decnet_decoys.shell.machine.machine import Machine

FUNCTIONS = """
def scan(h, ports=(1, 2), *rest, flag=False):
    found = []
    for p in ports:
        if p % 2: continue
        found.append(p)
    else:
        found.append('end')
    return found, rest, flag
print(scan('x', [1, 2, 4], 9, flag=True))
f = lambda a, b=2: a * b
print(f(3), list(map(f, [1, 2])), sorted([3, 1, 2], key=lambda x: -x), [*range(3)], {**{'a': 1}, 'b': 2})
"""
CLASSES = """
class A:
    kind = 'a'
    def __init__(self, n): self.n = n
    def __str__(self): return 'A(%s)' % self.n
class B(A):
    def __init__(self, n):
        super().__init__(n + 1)
        self.m = n
class E(Exception): pass
b = B(1)
print(b, b.n, b.m, B.kind, isinstance(b, A))
try:
    raise E('bad')
except (ValueError, E) as error:
    print('caught', error)
finally:
    print('end')
"""
LOOPS = """
n = 0
while True:
    n += 1
    if n == 2: continue
    if n > 4: break
    print(n, end=' ')
x, *y = [1, 2, 3]
d = {}
for i, c in enumerate('aba'): d[c] = d.get(c, 0) + i
print(x, y, d, {k: v for k, v in d.items() if v}, 1 < x + 1 <= 2)
"""
COMMANDS = """
import subprocess, os
print(subprocess.check_output(['id', '-un']).decode().strip())
r = subprocess.run('echo hi; exit 3', shell=True, capture_output=True, text=True)
print(r.returncode, repr(r.stdout))
p = subprocess.Popen('cat; echo x', shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(p.communicate()[0])
with open('/tmp/w', 'w') as f: f.write('kept\\n')
print(open('/tmp/w').read(), os.path.getsize('/tmp/w'))
try: open('/nosuch')
except FileNotFoundError as e: print(e)
"""
MODULES = """
import re, json, hashlib, struct, base64, socket
print(re.findall(r'(\\w+)=(\\d+)', 'a=1 b=22'), re.sub('a+', 'x', 'baab'), re.search('b(.)', 'abc').group(1))
print(json.loads('{"a": [1, null]}'), json.dumps({'b': True}))
print(hashlib.md5(b'abc').hexdigest()[:8], struct.pack('<I', 4919), base64.b64encode(b'hi'))
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
print(s.connect_ex(('127.0.0.1', 1)))
exec(base64.b64decode('cHJpbnQoMSk='))
"""
UNCAUGHT = """
def f():
    return 1/0
f()
"""
TRACE = """Traceback (most recent call last):
  File "/tmp/p.py", line 4, in <module>
    f()
  File "/tmp/p.py", line 3, in f
    return 1/0
           ~^~
ZeroDivisionError: division by zero
"""


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (FUNCTIONS, "([2, 4, 'end'], (9,), True)\n6 [2, 4] [3, 2, 1] [0, 1, 2] {'a': 1, 'b': 2}\n"),
        (CLASSES, "A(2) 2 1 a True\ncaught bad\nend\n"),
        (LOOPS, "1 3 4 1 [2, 3] {'a': 2, 'b': 1} {'a': 2, 'b': 1} True\n"),
        (
            COMMANDS,
            "root\n3 'hi\\n'\nb'x\\n'\nkept\n 5\n[Errno 2] No such file or directory: '/nosuch'\n",
        ),
        (
            MODULES,
            "[('a', '1'), ('b', '22')] bxb c\n{'a': [1, None]} {\"b\": true}\n"
            "90015098 b'7\\x13\\x00\\x00' b'aGk='\n111\n1\n",
        ),
    ],
)
def test_a_program_prints_what_python_prints(run: Player, program: str, text: str) -> None:
    played = run(f"python3 -c {shlex.quote(program)}")
    assert (played.text, played.status) == (text, 0)


def test_what_is_printed_into_a_pipe_comes_after_what_commands_write(run: Player) -> None:
    assert run("python3 -c \"print('a'); import os; os.system('echo b')\" | cat").text == "b\na\n"


def test_an_uncaught_exception_is_told_with_the_lines_of_the_file(run: Player) -> None:
    played = run(f"printf %s {shlex.quote(UNCAUGHT)} > /tmp/p.py; python3 /tmp/p.py 2>&1")
    assert (played.text, played.status) == (TRACE, 1)


def test_a_mapping_that_grows_while_a_loop_goes_over_it_is_an_error_of_the_program(run: Player) -> None:
    played = run("python3 -c 'd = {1: 1}\nfor k in d: d[k + 1] = 1' 2>&1")
    assert played.text.endswith("RuntimeError: dictionary changed size during iteration\n")


@pytest.mark.parametrize(
    "program", ["assert 0, ['a' * 65000]", "class E(Exception):\n  def __str__(self): 1/0\nraise E()"]
)
def test_an_exception_whose_text_fails_is_told_without_it(run: Player, program: str) -> None:
    played = run(f"python3 -c {shlex.quote(program)} 2>&1")
    assert played.text.endswith(": <exception str() failed>\n")
    assert played.status == 1


def test_a_directive_that_is_twice_in_a_layout_is_an_error_of_the_program(run: Player) -> None:
    played = run('python3 -c \'from datetime import datetime\ndatetime.strptime("1", "%Y%Y")\' 2>&1')
    assert "redefinition of group name 'Y'" in played.text.splitlines()[-1]
    assert played.status == 1


def test_an_argument_that_is_missing_is_a_type_error(run: Player) -> None:
    played = run("python3 -c 'def f(a, b): pass\nf(1)' 2>&1".replace("\\n", "\n"))
    assert played.text.endswith("TypeError: f() missing 1 required positional argument: 'b'\n")


@pytest.mark.parametrize(
    "program",
    at_scale(
        [
            "while True: pass",
            "x = [1] * 5000\nfor i in range(10**9): x = x + [1]",
            "a = [0] * 4000\nfor i in range(9): a = [a] * 4000\nprint(a)",
            "a = [0] * 4000\nb = [a] * 4000\nprint(b == [a] * 4000, b)",
            "def f(n): return f(n + 1)\nf(0)",
            "x = 9 ** 99999999",
            "x = 1 << 99999999",
            "x = 3\nwhile True: x = x * x",
            "x = 'a'\nwhile True: x += x",
            "print('%99999999d' % 1, f'{1:>99999999}', '{:99999999}'.format(1))",
            "import os\nwhile True: os.system('true')",
            "import re; re.findall('(a*)*b', 'a' * 60000)",
            "import json; json.loads('[' * 60000)",
            "exec('exec(s)' * 1)",
            "s = 'exec(s)'\nexec(s)",
            "print(" + "(" * 190 + "1" + ")" * 190 + ")",
            "print(" + "-" * 8000 + "1)",
            "x = 1" + "+1" * 8000,
            "c = object\n" + "".join(f"class A{at}(c, c, c): pass\nc = A{at}\n" for at in range(20)) + "print(c().x)",
            "('a' * 60000).translate({97: 'b' * 60000})",
            "x = [0] * 4900\nzip(*[x] * 4900)",
            "x = {}\ny = {at: at for at in range(900)}\nx.update(*[y] * 4000)",
            "import os\nos.path.join(*['a' * 60000] * 4900)",
            "import re\nre.sub('a', r'\\1' * 30000, 'a' * 60000)",
            "('a' * 65000).rpartition('ab' + 'a' * 30000)",
            "('\\u0101' * 60000).strip('\\u0201' * 64000 + '\\u0101')",
        ],
        always=6,
    ),
)
def test_a_program_that_is_costly_gives_others_their_turns(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    assert keeps_turns(shell, f"python3 -c {shlex.quote(program)}", b"", allowed=0.1, at_most=1)


PIECES = (
    "print(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'a'",
    "b'x'",
    "1",
    "0",
    "-1",
    "1e400",
    "*",
    "**",
    "%",
    "<<",
    "x",
    "x=",
    "=",
    "for i in ",
    "range(9)",
    ":",
    "\n",
    "\n ",
    "\n  ",
    "if ",
    "else:",
    "while ",
    "def f(a=1,*b,**c):",
    "return ",
    "f(",
    "class A:",
    "class E(Exception):",
    "try:",
    "except:",
    "finally:",
    "raise ",
    "with open('/tmp/q','w') as h:",
    "import os\n",
    "import sys\n",
    "import re\n",
    "import json\n",
    "from os import ",
    "os.",
    "sys.",
    "popen('id')",
    "system('id')",
    "listdir()",
    ".read()",
    ".join(",
    ".format(",
    ".split()",
    ".sort(key=",
    "lambda x:",
    "lambda *a:",
    "yield ",
    "global x\n",
    "del x",
    "assert ",
    "f'{x!r:>5}'",
    "'%s %d'%",
    "{}",
    ".append(x)",
    "x[0]",
    "x[::-1]",
    "super().__init__()",
    "self",
    "exec('x')",
    "eval('1')",
    "isinstance(x,",
    "type(x)",
    "str",
    "int(",
    "dict(",
    "set(",
    "sorted(",
    "map(",
    "zip(",
    "*x",
    "and ",
    "not ",
    "in ",
    "is ",
    "None",
    "...",
    ":=",
    "@f\n",
    "re.findall('a*','aaa')",
    "json.dumps(",
    "break",
    "continue",
    "\u00e9",
    "\0",
    "\udcff",
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=14).map("".join))
def test_whatever_a_program_is_it_ends_with_a_status(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    assert keeps_turns(shell, f"python3 -c {shlex.quote(program)}", b"1\n", allowed=0.2, at_most=0.2)


LOADING = """
import json, sys
from decnet_decoys.shell.commands.system.interpreters import PARTS
from decnet_decoys.shell.effects import load
loaded, turns = set(sys.modules), []
for _ in load(PARTS):
    turns.append(sorted(name for name in set(sys.modules) - loaded if name.startswith("decnet_decoys.shell.python.")))
    loaded = set(sys.modules)
import decnet_decoys.shell.python.program
print(json.dumps([turns, sorted(set(sys.modules) - loaded)]))
"""


def test_what_plays_python_is_loaded_a_piece_at_a_time() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING], check=True, capture_output=True, text=True)
    turns, afterwards = json.loads(done.stdout)
    assert [len(loaded) for loaded in turns if len(loaded) > 3] == []
    assert sum(map(len, turns)) >= 10
    assert afterwards == []
