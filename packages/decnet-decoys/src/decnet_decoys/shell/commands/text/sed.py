# SPDX-License-Identifier: MIT
"""The command sed; its language is in `shell.sed`, imported when it is used."""

from typing import TYPE_CHECKING

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import IS_DIRECTORY, FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

if TYPE_CHECKING:
    from decnet_decoys.shell.sed.runner import Sed

_USAGE = """\
Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...

  -n, --quiet, --silent
                 suppress automatic printing of pattern space
      --debug
                 annotate program execution
  -e script, --expression=script
                 add the script to the commands to be executed
  -f script-file, --file=script-file
                 add the contents of script-file to the commands to be executed
  --follow-symlinks
                 follow symlinks when processing in place
  -i[SUFFIX], --in-place[=SUFFIX]
                 edit files in place (makes backup if SUFFIX supplied)
  -l N, --line-length=N
                 specify the desired line-wrap length for the `l' command
  --posix
                 disable all GNU extensions.
  -E, -r, --regexp-extended
                 use extended regular expressions in the script
                 (for portability use POSIX -E).
  -s, --separate
                 consider files as separate rather than as a single
                 continuous long stream.
      --sandbox
                 operate in sandbox mode (disable e/r/w commands).
  -u, --unbuffered
                 load minimal amounts of data from the input files and flush
                 the output buffers more often
  -z, --null-data
                 separate lines by NUL characters
      --help     display this help and exit
      --version  output version information and exit

If no -e, --expression, -f, or --file option is given, then the first
non-option argument is taken as the sed script to interpret.  All
remaining arguments are names of input files; if no input files are
specified, then the standard input is read.

GNU sed home page: <https://www.gnu.org/software/sed/>.
General help using GNU software: <https://www.gnu.org/gethelp/>.
"""
_LONG = {
    "quiet": "n", "silent": "n", "expression": "e:", "file": "f:", "in-place": "in-place?", "regexp-extended": "E",
    "separate": "s", "unbuffered": "u", "null-data": "z", "posix": "posix", "help": "help", "debug": "debug",
    "follow-symlinks": "follow", "sandbox": "sandbox", "line-length": "l:",
}  # fmt: skip


@command("sed")
def sed(call: Call) -> Effects:
    """Edit lines by a script; -i edits files."""
    from decnet_decoys.shell.sed.runner import Sed
    from decnet_decoys.shell.sed.script import Script, SedError

    suffixes = [_take_suffix(call, index) for index, arg in enumerate(call.args) if arg.startswith("-i")]
    found = options(call, "ne:f:irEsuzl:", _LONG)
    operands = list(found.operands)
    scripts = [*found.values.get("e", []), *_from_files(call, found.values.get("f", []))]
    if "help" in found or (not scripts and not operands):
        (call.out if "help" in found else call.err).write(_USAGE.encode())
        return int("help" not in found)
    text = "\n".join(scripts) if scripts else operands.pop(0)
    try:
        script = Script(text, extended=found.any("rE"))
        yield from script.read()
        editor = Sed(call, script, quiet="n" in found, end_mark=b"\0" if "z" in found else b"\n")
        if found.any("i") or "in-place" in found:
            return (yield from _in_place(call, editor, operands, found.last("in-place") or "".join(suffixes[:1])))
        sources = yield from _sources(call, operands)
        status = yield from editor.run(sources, call.out)
        return status or (2 if len(sources) < len(operands) else 0)
    except SedError as error:
        return call.fail(str(error), error.status)
    except FileSystemError as error:
        return call.fail(f"couldn't open temporary file: {error}", 4)


def _take_suffix(call: Call, index: int) -> str:
    """Take the suffix from -iSUFFIX, which is no cluster of options."""
    suffix = call.args[index][2:]
    call.args[index] = "-i"
    return suffix


def _from_files(call: Call, paths: list[str]) -> list[str]:
    sources = [call.open(path) for path in paths[:8]]
    return [decode(source.whole(1 << 15)).rstrip("\n") for source in sources if source is not None]


def _sources(call: Call, paths: list[str]) -> Steps[list[InputFile]]:
    found = []
    for path in paths or ["-"]:
        yield from turn()
        source = (yield from call.input()) if path == "-" else _opened(call, path)
        if source is not None:
            found.append(source)
    return found


def _opened(call: Call, path: str) -> InputFile | None:
    try:
        return InputFile(path, call.content(path))
    except FileSystemError as error:
        if str(error) != IS_DIRECTORY:
            call.fail(f"can't read {path}: {error}")
        elif "-i" in call.args:
            call.fail(f"couldn't edit {path}: not a regular file")
        else:
            call.fail(f"read error on {path}: {error}")
        return None


def _in_place(call: Call, editor: "Sed", paths: list[str], suffix: str) -> Effects:
    status = 0
    if not paths:
        return call.fail("no input files")
    for path in paths:
        source = _opened(call, path)
        if source is None:
            status = 4 if call.shell.files.exists(path, call.shell.access) else 2
            continue
        if suffix:
            yield from call.runner.save(path + suffix, source.whole(), err=call.err)
        edited = call.runner.buffer()
        yield from editor.run([source], edited)
        data = edited.take()
        call.shell.files.write(path, b"", call.shell.access)
        yield from call.runner.save(path, data, err=call.err)
    return status
