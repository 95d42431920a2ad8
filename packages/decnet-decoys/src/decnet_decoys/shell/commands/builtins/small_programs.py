# SPDX-License-Identifier: MIT
"""Small programs of coreutils that scripts use beside the builtins: sleep, basename, dirname, seq, yes, numfmt."""

import posixpath
import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.effects import Effects, Pause, turn
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.programs import command


@command("sleep")
def sleep(call: Call) -> Effects:
    if not call.args:
        raise tried(call, "missing operand")
    wrong = [arg for arg in call.args if not re.fullmatch(r"\d{0,12}\.?\d{0,12}[smhd]?", arg) or not arg.strip("smhd.")]
    if wrong:
        raise tried(call, "\nsleep: ".join(f"invalid time interval {quoted(arg)}" for arg in wrong))
    seconds = sum(_seconds(arg) for arg in call.args)
    yield Pause(seconds / (1e6 if call.name == "usleep" else 1))
    return 0


def _seconds(text: str) -> float:
    unit = {"m": 60, "h": 3600, "d": 86400}.get(text[-1:], 1)
    try:
        return min(max(0.0, float(text.rstrip("smhd"))), 1e6) * unit
    except ValueError:
        return 0.0


@command("basename", "dirname")
def part_of_path(call: Call) -> int:
    found = options(call, "as:z", {"multiple": "a", "suffix": "s:", "zero": "z"})
    names = found.operands
    if not names:
        raise tried(call, "missing operand")
    suffix = found.last("s")
    if call.name == "basename" and not found.any("as"):
        if len(names) > 2:
            raise tried(call, f"extra operand {quoted(names[2])}")
        suffix, names = (names[1] if len(names) > 1 else ""), names[:1]
    for path in names[:200]:
        trimmed = path.rstrip("/") or "/"
        if call.name == "dirname":
            call.print(posixpath.dirname(trimmed) or ".")
            continue
        name = posixpath.basename(trimmed) or "/"
        call.print(name[: -len(suffix)] if suffix and name.endswith(suffix) and name != suffix else name)
    return 0


_DIRECTIVE = re.compile(r"(?:[^%]|%%)*%(?!%)[-+ #0]*[0-9]{0,3}(?:\.[0-9]{0,2})?(.?)", re.DOTALL)


def _wrong_layout(layout: str) -> str:
    """Return what is wrong with a layout of `seq -f`, which must show one number; empty: nothing."""
    found = _DIRECTIVE.match(layout)
    if found is None:
        return "has no % directive"
    if not found[1]:
        return "ends in %"
    if found[1] not in "eEfFgG":
        return f"has unknown %{found[1]} directive"
    return "has too many % directives" if "%" in layout[found.end() :].replace("%%", "") else ""


def _seq_arguments(call: Call) -> tuple[list[str], str, bool, str]:
    """Return the operands, what separates the numbers, whether all have the same width, and how each is laid out."""
    args, joint, same_width, layout = list(call.args), "\n", False, ""
    while args and args[0].startswith("-") and not args[0][1:2].isdecimal():
        option = args.pop(0)
        if option.startswith("-s"):
            joint = option[2:] or (args.pop(0) if args else "")
        elif option == "-w":
            same_width = True
        elif option.startswith("-f"):
            layout = option[2:] or (args.pop(0) if args else "")
            if wrong := _wrong_layout(layout):
                raise tried(call, f"format {quoted(layout)} {wrong}")
        else:
            raise tried(call, f"invalid option -- '{option[1:2]}'")
    if not args:
        raise tried(call, "missing operand")
    return args, joint, same_width, layout


@command("seq")
def seq(call: Call) -> Effects:
    """Count: [FIRST [STEP]] LAST, with -s and -w."""
    args, joint, same_width, layout = _seq_arguments(call)
    numbers = []
    if len(args) > 3:
        raise tried(call, f"extra operand {quoted(args[3])}")
    for arg in args:
        try:
            numbers.append(float(arg[:30]))
        except ValueError:
            raise tried(call, f"invalid floating point argument: {quoted(arg)}") from None
    first, step, last = (1.0, 1.0, numbers[0]) if len(numbers) == 1 else (numbers[0], 1.0, numbers[-1])
    if len(numbers) == 3:
        step = numbers[1]
    if not step:
        raise tried(call, f"invalid Zero increment value: {quoted(args[1])}")
    places = max(len(arg.partition(".")[2]) for arg in args)
    width = max(len(f"{first:.{places}f}"), len(f"{last:.{places}f}")) if same_width else 0
    count, value = 0, first
    while value <= last + 1e-12 if step > 0 else value >= last - 1e-12:
        shown = layout % value if layout else f"{value:0{width}.{places}f}"
        call.print((joint if count else "") + shown, end="")
        count += 1
        value = first + step * count
        yield from turn()
    call.print(end="\n" if count else "")
    return 0


@command("yes")
def yes(call: Call) -> Effects:
    """Repeat for ever: until the reader is gone."""
    line = encode((" ".join(call.args) or "y") + "\n")
    lines = line * max(1, 1024 // len(line))
    while True:
        call.out.write(lines)
        yield from turn()


_SIZES = "KMGTPEZY"
_NUMFMT = {
    "to": "to:", "from": "from:", "suffix": "suffix:", "field": "field:", "delimiter": "d:", "header": "header?",
    "padding": "padding:", "grouping": "x", "round": "round:", "invalid": "invalid:", "to-unit": "x:",
    "from-unit": "x:", "format": "x:", "zero-terminated": "z", "debug": "x", "help": "help",
}  # fmt: skip
MAX_NUMBERS = 2000


@command("numfmt", families=("debian",))
def numfmt(call: Call) -> Effects:
    """Write sizes with or without units: of the operands, or of a field of each line."""
    found = options(call, "d:z", _NUMFMT)
    numbers = [encode(one) for one in found.operands[:MAX_NUMBERS]]
    sources = [] if numbers else (yield from call.sources([]))
    delimiter, field = found.last("d") or None, found.last("field", "1")
    at = int(field) - 1 if field.isdecimal() and len(field) < 5 and int(field) else 0
    for line in numbers or (line for source in sources for line in source.lines()):
        yield from turn()
        words = line.decode("utf-8", "replace").split(delimiter)
        if at >= len(words):
            call.print(line.decode("utf-8", "replace"))
            continue
        number = _number_of(words[at], found.last("from", "none"), found.last("suffix"))
        if number is None:
            return call.fail(f"invalid number: {quoted(words[at][:64])}", 2)
        shown = _with_unit(number, found.last("to", "none")) + found.last("suffix")
        padding = found.last("padding", "0")
        if padding.lstrip("-").isdecimal() and len(padding) < 4:
            shown = shown.rjust(int(padding)) if int(padding) > 0 else shown.ljust(-int(padding))
        words[at] = shown
        call.print((delimiter or " ").join(words))
    return 0


def _number_of(text: str, kind: str, suffix: str) -> float | None:
    match = re.fullmatch(
        r"(-?\d{1,18}(?:\.\d{1,18})?)([KMGTPEZYk]?)(i?)", text.removesuffix(suffix) if suffix else text
    )
    if match is None or (match[2] and kind == "none"):
        return None
    base = 1000 if kind == "si" or (kind == "auto" and not match[3]) else 1024
    power = _SIZES.index(match[2].upper()) + 1 if match[2] else 0
    return float(match[1]) * float(base**power)


def _with_unit(number: float, kind: str) -> str:
    """Return a number in its largest unit, rounded away from zero to one decimal below ten."""
    if kind not in ("iec", "iec-i", "si") or abs(number) < (1000 if kind == "si" else 1024):
        return f"{number:.0f}" if number == int(number) or kind != "none" else f"{number:g}"
    base, power = (1000 if kind == "si" else 1024), 0
    size = abs(number)
    while size >= base and power < len(_SIZES):
        size, power = size / base, power + 1
    rounded = -(-size * 10 // 1) / 10 if size < 10 else float(-(-size // 1))
    if rounded >= base and power < len(_SIZES):
        rounded, power = rounded / base, power + 1
    digits = f"{rounded:.1f}" if rounded < 10 else f"{rounded:.0f}"
    return ("-" if number < 0 else "") + digits + _SIZES[power - 1] + ("i" if kind == "iec-i" else "")
