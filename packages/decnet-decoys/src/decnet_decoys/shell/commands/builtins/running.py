# SPDX-License-Identifier: MIT
"""Commands that run others or steer the shell: sh, eval, exec, env, read, exit, break, type, which."""

from decnet_decoys.shell import control_flow
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import find
from decnet_decoys.shell.effects import AskLine, Effects, Print, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.expansion.words import MAX_ARGUMENT_CHARACTERS
from decnet_decoys.shell.programs import command, programs
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.lexer import MAX_SCRIPT


@command("env", "printenv")
def env(call: Call) -> Effects | int:
    """List the environment, or run a command."""
    shell = call.shell
    names = [arg for arg in call.args if "=" not in arg and not arg.startswith("-")]
    if names and call.name == "printenv":
        for name in names:
            call.print(shell.variables.get(name, ""))
        return 0
    if names:
        streams = call.streams
        return call.runner.execute(call.args[call.args.index(names[0]) :], streams)
    for name in [*sorted(shell.exported & shell.variables.keys()), "_"]:
        call.print(f"{name}={shell.variables.get(name, '/usr/bin/env')}")
    return 0


@command("exit", "logout", folder="")
def exit_(call: Call) -> int:
    raise control_flow.ExitShell(_status(call))


@command("return", folder="")
def return_(call: Call) -> int:
    raise control_flow.ReturnFunction(_status(call))


def _status(call: Call) -> int:
    return (
        int(call.args[0]) & 255 if call.args and call.args[0].isdigit() and len(call.args[0]) < 9 else call.shell.status
    )


@command("break", "continue", folder="")
def jump(call: Call) -> int:
    raise control_flow.LoopJump(repeat=call.name == "continue")


@command("read", folder="")
def read(call: Call) -> Effects:
    options, names = call.flags("pntud")
    prompt = options.get("p", "")
    if call.stdin is not None:
        got = call.stdin.line()
    else:
        got = yield AskLine(prompt, echo="s" not in options)
    words = decode(got or b"").split(None, max(0, len(names) - 1))
    for index, name in enumerate(names or ["REPLY"]):
        call.shell.set(name, words[index] if index < len(words) else "")
    return 0 if got is not None else 1


@command("type", "command", folder="")
def type_(call: Call) -> Effects | int:
    """Print what a name is; `command name` runs it."""
    names = call.words
    asks = call.name == "type" or any(arg in ("-v", "-V") for arg in call.args)
    if not names:
        return 0
    if not asks:
        return call.runner.execute(names, call.streams)
    return _where(call, names, verbose=call.name == "type")


def _where(call: Call, names: list[str], *, verbose: bool) -> Effects:
    status = 0
    for name in names:
        yield from turn()
        path = path_of(call, name)
        if path is None:
            status = 1
            if verbose:
                call.shell_error(f"type: {name}: not found")
        elif not verbose:
            call.print(path)
        else:
            call.print(f"{name} is {'a shell builtin' if path == name and '/' not in name else path}")
    return status


def path_of(call: Call, name: str) -> str | None:
    """Return where a command lies, its own name for a builtin, None for an unknown one."""
    if name in call.shell.functions:
        return name
    if find(call.shell, name).handler is None:
        return None
    if "/" in name:
        return name
    folder = programs()[name].folder
    if not folder:
        return name
    return f"/bin/{name}" if call.shell.machine.persona.family == "busybox" else f"{folder}/{name}"


@command("which", "whereis")
def which(call: Call) -> Effects:
    status = 0
    for name in call.args:
        yield from turn()
        path = path_of(call, name)
        if path is None or (path == name and "/" not in name):
            status = 1
        elif call.name == "whereis":
            call.print(f"{name}: {path} /usr/share/man/man1/{name}.1.gz")
        else:
            call.print(path)
    return status


@command("sh", "bash", "ash", "dash")
def sh(call: Call) -> Effects:
    """Run a script, a string (-c) or standard input; with none of them be a shell within the shell."""
    shell, streams = call.shell, Streams(None, call.out, call.err)
    options, operands = call.flags("c")
    if "version" in options:
        told = shell.variables
        call.print(f"GNU bash, version {told.get('BASH_VERSION', '')} ({told.get('MACHTYPE', '')})")
        return 0
    if "c" in options:
        return (yield from call.runner.subshell(options["c"], operands or [call.name], streams))
    if operands:
        script = call.open(operands[0])
        if script is None:
            return 127
        return (yield from call.runner.subshell(decode(script.whole(MAX_SCRIPT)), operands, streams))
    if call.stdin is not None or shell.terminal is None:
        script = yield from call.input()
        return (yield from call.runner.subshell(decode(script.whole(MAX_SCRIPT)), [call.name], streams))
    return 0


@command("eval", folder="")
def eval_(call: Call) -> Effects:
    return (yield from call.runner.script(" ".join(call.args), call.streams))


@command("source", ".", folder="")
def source(call: Call) -> Effects:
    script = call.open(call.args[0]) if call.args else None
    if script is None:
        return 1
    return (yield from call.runner.script(decode(script.whole(MAX_SCRIPT)), call.streams))


@command("exec", "nohup", "nice", "time", "timeout", "setsid", "stdbuf", "ionice", "watch", "busybox", "xargs",
         "taskset")  # fmt: skip
def wrap(call: Call) -> Effects:
    args = list(call.args)
    while args and (args[0].startswith("-") or (call.name in ("timeout", "taskset") and args[0][:1].isdigit())):
        args.pop(0)
    if not args:
        if call.name == "busybox":
            call.print("BusyBox v1.35.0 (2023-03-16 09:14:03 UTC) multi-call binary.")
        return 0
    if call.name == "busybox" and args[0] not in programs():
        call.print_error(f"{args[0]}: applet not found")
        return 127
    streams = call.streams
    if call.name == "xargs":
        args += decode((yield from call.input()).whole(MAX_ARGUMENT_CHARACTERS)).split(None, 500)[:500]
    status = yield from call.runner.execute(args, streams)
    if call.name == "time":
        yield Print(b"\nreal\t0m0.004s\nuser\t0m0.001s\nsys\t0m0.002s\n", error=True)
    return status
