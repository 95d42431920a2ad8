# SPDX-License-Identifier: MIT
"""What Debian 12's programs write when they are called wrongly: makes sections of the decoys' table by asking them.

`python benchmarks/refused_options.py NAME ...`, as root, prints sections for
`decnet_decoys/shell/commands/options_of_debian.txt`, which says what they contain. The programs run in a copy of the
root file system of `realism_shell.py` (which makes it), in namespaces without a network and without capabilities. Each
is asked with a long option and a letter that it does not have, with each letter, alone and with another behind it, with
each long option that its help names or that it names itself when it is given the first letter of several, and without
arguments.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("DECNET_DEBIAN_ROOT", "/tmp/decnet-debian-12"))
INSIDE = Path("/tmp/asked.py")
_RUN = """\
mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" "$1/root" &&
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/up,workdir=$1/work" "$1/root" &&
mount -t proc proc "$1/root/proc" && cp "$3" "$1/root/tmp/asked.py" && cd "$1/root" && shift 3 &&
exec chroot . setpriv --bounding-set -all --inh-caps -all env -i HOME=/root LANG=C.UTF-8 \
PATH=/usr/sbin:/usr/bin:/sbin:/bin python3 /tmp/asked.py "$@"
"""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NO_OPTION, NO_LETTER = "--no-such-option", "-@"
SECONDS = 1
MOST_BYTES = 1 << 20
USAGE = re.compile(r"sage|--help|argument|operand|specified|missing|must|need")
"""What a complaint about missing arguments says, and one about this machine does not."""


class _Answer(tuple[int, str, str]):
    """Status, standard output and standard error."""

    __slots__ = ()


def ask(name: str, *args: str) -> _Answer:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([name, *args], cwd="/tmp", stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return _Answer((-1, "", ""))
        for file in (out, err):
            file.seek(0)
        texts = (file.read(20000).decode("utf-8", "replace") for file in (out, err))
        return _Answer((process.returncode, *texts))


def refusals(name: str) -> dict[str, Any]:
    """Return the answers of a program to wrong calls, with `{option}` for what it was given."""
    wrong_letter = ask(name, NO_LETTER)
    found: dict[str, Any] = {"name": _form(ask(name, NO_OPTION), NO_OPTION.removeprefix("--")) or _same(name, "--")}
    by_word = f"{NO_LETTER}{NO_LETTER[1:]}" in "".join(ask(name, NO_LETTER + NO_LETTER[1:])[1:])
    found["letter"] = form = None if by_word else _form(wrong_letter, NO_LETTER[1:]) or _same(name, "-")
    found["letters"] = "*" if form is None else "".join(_letters(name, wrong_letter, form))
    help_text = ask(name, "--help")
    names = dict.fromkeys([*re.findall(r"--([a-z][a-z0-9-]*)", "".join(help_text[1:])), *_ambiguous(name)])
    answers = {one: ask(name, f"--{one}") for one in names}
    found["names"] = [
        one + ":" * (f"'--{one}' requires an argument" in answer[2])
        for one, answer in answers.items()
        if found["name"] not in (_form(answer, one), list(answer))
    ]
    found["help"] = help_text if help_text[0] == 0 and help_text[1] else None
    bare = ask(name)
    found["bare"] = bare if bare[0] > 0 and bare == ask(name) and USAGE.search(bare[1] + bare[2]) else None
    valued = next((one[0] for one in re.findall("[A-Za-z0-9]:(?!:)", str(found["letters"]))), "")
    missing = _form(ask(name, f"-{valued}"), f"-- '{valued}'") if valued else None
    found["value"] = missing and [missing[0], *(str(one).replace("{option}", "-- '{option}'") for one in missing[1:])]
    return found


def _form(answer: _Answer, option: str) -> list[object] | None:
    said = answer[2] if answer[0] == 0 else answer[1] + answer[2]
    if answer[0] < 0 or option not in said or "Traceback" in said:
        return None
    return [answer[0], *(text.replace(option, "{option}", 1) for text in answer[1:])]


def _same(name: str, dashes: str) -> list[object] | None:
    """Return how a program shows its usage whatever the wrong option is, unless it does so without any."""
    one, other = (ask(name, dashes + option) for option in ("@", "~"))
    told = one == other != ask(name) and one[0] > 0 and "sage" in one[1] + one[2]
    return list(one) if told else None


def _letters(name: str, wrong: _Answer, form: list[object]) -> Iterator[str]:
    """Yield the letters that are taken, with a colon if a value must follow and two if what follows is not read."""
    for letter in LETTERS:
        answer = ask(name, f"-{letter}")
        if list(answer) == [form[0], *(str(one).replace("{option}", letter) for one in form[1:])]:
            continue
        if "requires an argument" in answer[2]:
            yield letter + ":"
        else:
            yield letter + "::" * (ask(name, f"-{letter}{NO_LETTER[1:]}") != wrong)


def section(name: str, found: dict[str, Any]) -> str:
    """Return a program's section of the table, empty if nothing is known of it."""
    blocks = {
        f"{kind} {answer[0]} {stream}": text
        for kind in ("name", "letter", "value", "bare")
        if (answer := found[kind])
        for stream, text in zip(("out", "err"), answer[1:], strict=True)
        if text
    }
    rest = max((_after(text) for text in blocks.values()), key=len, default="")
    if found["help"]:
        text = found["help"][1]
        blocks["help 0 out"] = text if rest.count("\n") > 2 and text.endswith(rest) else _synopsis(text)
    if not blocks:
        return ""
    letters, names = found["letters"] if found["letter"] else "*", found["names"] if found["name"] else ["*"]
    lines = [f"== {name}", str(letters), " ".join(names)]
    if rest:
        lines += ["-- rest", *rest.removesuffix("\n").split("\n")]
    lines += _getopt(name, blocks, rest)
    for head, text in blocks.items():
        shared = rest and text.endswith(rest)
        own = text.removesuffix(rest) if shared else text
        lines += [f"-- {head}{' +' * bool(shared)}", *(own.removesuffix("\n").split("\n") if own else ())]
    return "\n".join(lines).replace(f"'{name} --help'", "'{} --help'").replace("\r\n", "{cr}\n") + "\n"


def _getopt(name: str, blocks: dict[str, str], rest: str) -> list[str]:
    """Return the line that stands for the three messages of GNU's getopt_long, and remove these."""
    for head in [one for one in blocks if one.startswith("name ")]:
        status = head.split(" ")[1]
        usual = {
            f"name {status} err": f"{name}: unrecognized option '--{{option}}'\n{rest}",
            f"letter {status} err": f"{name}: invalid option -- '{{option}}'\n{rest}",
            f"value {status} err": f"{name}: option requires an argument -- '{{option}}'\n{rest}",
        }
        other = [one for one in blocks if one.startswith(("name", "letter", "value")) and blocks[one] != usual.get(one)]
        if not other:
            for one in usual:
                blocks.pop(one, None)
            return [f"-- getopt {status}"]
    return []


def _ambiguous(name: str) -> Iterator[str]:
    """Yield the long options that a program names when it is given the first letter of several."""
    for letter in LETTERS[:26]:
        told = "".join(ask(name, f"--{letter}")[1:])
        if "ambiguous" in told:
            yield from re.findall(r"'--([a-z][a-z0-9-]+)'", told)


def _after(text: str) -> str:
    """Return what follows the first line."""
    return text.partition("\n")[2] if text.endswith("\n") else ""


def _synopsis(text: str) -> str:
    """Return how a help begins: the first line, and what follows to the first one that says how it is called."""
    lines = text.splitlines()
    last = next((index for index, line in enumerate(lines[:6]) if "sage" in line), 0)
    if lines[last].strip().lower() == "usage:" and len(lines) > last + 1:
        last += 1
    while len(lines) > last + 1 and lines[last + 1].lstrip().startswith("or:"):
        last += 1
    return "\n".join(lines[: last + 1]) + "\n"


def main(names: list[str]) -> int:
    if Path(__file__) == INSIDE:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
        for name in names:
            print(json.dumps([name, refusals(name)]), flush=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="decnet-options-") as scratch:
        command = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "sh", "-c"]
        process = subprocess.Popen(
            [*command, _RUN, "sh", scratch, str(ROOT), __file__, *names], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            name, found = json.loads(line)
            print(section(name, found), end="", flush=True)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
