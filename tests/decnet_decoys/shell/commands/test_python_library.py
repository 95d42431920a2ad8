# SPDX-License-Identifier: MIT
"""pathlib, argparse, functools, itertools and urllib.parse in programs of Python, beside what Python 3.11 prints."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns

from decnet_decoys.shell.machine.machine import Machine


@pytest.mark.parametrize(
    "program",
    [
        "import itertools as i\nprint(list(i.chain([1], 'ab')), list(i.product('ab', repeat=2)), "
        "list(i.combinations(range(3), 2)), list(i.permutations('abc', 2)))",
        "import itertools as i\nprint([(k, list(g)) for k, g in i.groupby('aab')], list(i.chain.from_iterable([[1]])), "
        "list(i.accumulate([1, 2, 3])), list(i.zip_longest([1], [2, 3])), list(i.takewhile(bool, [1, 0, 2])))",
        "from functools import reduce, partial\nprint(reduce(lambda a, b: a * b, [1, 2]), partial(int, base=2)('11'))",
        "from functools import lru_cache\n@lru_cache(None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)\n"
        "print(f(12))",
        "from pathlib import Path\np = Path('/etc//x.tar') / 'a.txt'\nprint(p.name, p.stem, p.suffix, p.parent, "
        "p.parts, repr(p), p == Path('/etc/x.tar', 'a.txt'), p.with_suffix('.md'), Path('/').parent)",
        "import urllib.parse as u\nprint(u.parse_qs('a=1&a=2'), "
        " u.urlencode({'a': 'b c'}), u.urljoin('http://a/b', 'c'))",
        "import argparse\np = argparse.ArgumentParser(prog='x', description='d')\n"
        "p.add_argument('host', help='where')\n"
        "p.add_argument('--port', type=int, default=3, help='port')\np.add_argument('-v', action='store_true')\n"
        "p.print_help()\nprint(p.parse_args(['h', '--port', '5', '-v']), p.parse_args(['h', '--port=6']).port)",
        "import argparse\np = argparse.ArgumentParser(prog='x')\np.add_argument('-n', type=int)\n"
        "p.add_argument('-v', action='count')\np.add_argument('at', nargs=2, type=float)\n"
        "print(p.parse_args(['-n', '-5', '-1.5', '2']), p.parse_args(['-vvn7', '1', '2']))",
        "from functools import cache\nf = cache(lambda x, y=1: x + y)\nprint(f(x=1), f(1, y=2), f(1))",
    ],
)  # fmt: skip
def test_a_library_gives_what_that_of_python_gives(run: Player, program: str) -> None:
    real = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run(f"python3 -c {shlex.quote(program)}").text == real.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "x: error: the following arguments are required: f"),
        ("'a', '--n', 'b'", "x: error: argument --n: invalid int value: 'b'"),
        ("'a', '--zz'", "x: error: unrecognized arguments: --zz"),
        ("'a', '--n', '--zz'", "x: error: argument --n: expected one argument"),
    ],
)
def test_wrong_arguments_are_told_with_the_usage(run: Player, arguments: str, message: str) -> None:
    program = (
        "import argparse; p = argparse.ArgumentParser(prog='x'); p.add_argument('--n', type=int); "
        f"p.add_argument('f'); p.parse_args([{arguments}])"
    )
    played = run(f"python3 -c {shlex.quote(program)} 2>&1")
    assert played.text == f"usage: x [-h] [--n N] f\n{message}\n"
    assert played.status == 2


def test_a_path_is_opened_written_and_listed(run: Player) -> None:
    program = (
        "from pathlib import Path; import os; p = Path('/tmp/a/b'); p.mkdir(parents=True, exist_ok=True); "
        "(p / 'f.txt').write_text('hi'); "
        "print(list(p.iterdir()), open(p / 'f.txt').read(), os.path.exists(p / 'f.txt'))"
    )
    assert run(f"python3 -c {shlex.quote(program)}").text == "[PosixPath('/tmp/a/b/f.txt')] hi True\n"


@pytest.mark.parametrize(
    "program",
    [
        "import itertools\nfor c in itertools.product('abcdefgh', repeat=9**9): pass",
        "import itertools\nitertools.permutations(range(5000), 4999)",
        "import itertools\nitertools.combinations_with_replacement(range(5000), 5000)",
        "import itertools\nfor c in itertools.count(): pass",
        "import itertools\nx = [list(itertools.cycle('a')) for i in range(10**9)]",
        "import itertools\nitertools.islice(range(1), None, None, 10**99)",
        "from functools import lru_cache\n@lru_cache\ndef f(n): return f(n + 1)\nf(0)",
        "from pathlib import Path\nprint(Path('/a' * 30000).parents, Path(Path, 1, None) / 2)",
        "import argparse\np = argparse.ArgumentParser()\nwhile True: p.add_argument('--a' * 500)",
        "import urllib.parse as u\nu.parse_qs('&'.join(['a=1'] * 600))",
        "import itertools as i\na = [0]; b = [0]\nfor k in range(60): a = [a, a]; b = [b, b]\ni.groupby([a, b])",
        "import os\nfrom pathlib import Path\np = Path('a' * 60000)\nos.path.join(*[p] * 5000)",
    ],
)
def test_a_library_is_bounded(machine: Machine, program: str) -> None:
    assert keeps_turns(root_shell(machine), f"python3 -c {shlex.quote(program)}", b"", allowed=0.1, at_most=1)
