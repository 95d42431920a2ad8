# SPDX-License-Identifier: MIT
"""tsort, which puts names into an order by pairs, and colrm, which takes columns away (tsort(1), colrm(1))."""

from collections import deque

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.programs import command

MAX_NAMES = 2000
MAX_NUMBER = 1 << 20


@command("tsort", families=("debian",))
def tsort(call: Call) -> Effects:
    """Print each name before those that follow it in a pair."""
    found = options(call, "")
    if len(found.operands) > 1:
        raise tried(call, f"extra operand '{found.operands[1][:4096]}'")
    sources = yield from call.sources(found.operands)
    if not sources:
        return 1
    names: list[str] = []
    for line in sources[0].lines():
        yield from turn()
        names += decode(line).split()[: MAX_NAMES - len(names)]
    title = (found.operands or ["-"])[0]
    if len(names) % 2:
        return call.fail(f"{title}: input contains an odd number of tokens")
    return (yield from _ordered(call, title, names))


def _ordered(call: Call, title: str, names: list[str]) -> Effects:
    """Print names in an order that fits the pairs, or tells the loops of those that have none."""
    after: dict[str, list[str]] = {name: [] for name in sorted(names)}
    before = dict.fromkeys(after, 0)
    for first, second in zip(names[::2], names[1::2], strict=True):
        if first != second:
            after[first].append(second)
            before[second] += 1
    status = 0
    free = deque(name for name in after if not before[name])
    while after:
        yield from turn()
        if not free:
            status = _broken(call, title, after, before)
            free.append(next(name for name in after if not before[name]))
        name = free.popleft()
        call.print(name)
        for one in reversed(after.pop(name)):
            before[one] -= 1
            if not before[one] and one in after:
                free.append(one)
    return status


def _broken(call: Call, title: str, after: dict[str, list[str]], before: dict[str, int]) -> int:
    """Tell one loop of the names that are left, and let its first name be printed."""
    call.fail(f"{title}: input contains a loop:")
    leads = {second: first for first, seconds in after.items() for second in seconds}
    name, walked = next(iter(after)), dict[str, None]()
    while name not in walked:
        walked[name] = None
        name = leads.get(name, name)
    loop = list(walked)
    loop = sorted(loop[loop.index(name) :])
    for one in loop:
        call.fail(one)
    before[loop[0]] = 0
    return 1


@command("colrm", families=("debian",))
def colrm(call: Call) -> Effects:
    """Take the columns from the first to the last away from each line, counting from 1."""
    found = options(call, "")
    numbers = []
    for place, text in zip(("first", "second"), found.operands, strict=False):
        if not text.isascii() or not text.isdecimal():
            return call.fail(f"{place} argument: '{text[:4096]}'")
        numbers.append(min(int(text[:8]), MAX_NUMBER))
    source = yield from call.input()
    for line in source.lines():
        yield from turn()
        text = decode(line).expandtabs(8) if numbers else decode(line)
        if numbers:
            text = text[: max(0, numbers[0] - 1)] + (text[numbers[1] :] if len(numbers) > 1 else "")
        call.print(text)
    return 0
