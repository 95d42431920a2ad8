# SPDX-License-Identifier: MIT
"""The command find (POSIX.1-2017, find; GNU findutils)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.find.expression import Expression
from decnet_decoys.shell.find.tests import Seen, Test
from decnet_decoys.shell.find.words import WrongExpressionError
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

MAX_LISTED = 8000


@command("find")
def find(call: Call) -> Effects:
    """Search below paths."""
    args = [arg for arg in call.args if arg not in ("-H", "-L", "-P")]
    cut = next((index for index, arg in enumerate(args) if arg[:1] in ("-", "(", "!") and arg != "-"), len(args))
    try:
        expression = Expression(call, args[cut:])
        test = expression.whole()
    except WrongExpressionError as error:
        return call.fail(str(error))
    status = 0
    for root in args[:cut] or ["."]:
        yield from turn()
        try:
            resolved = call.shell.files.locate(root, call.shell.access)
            call.shell.files.stat(resolved)
        except FileSystemError as error:
            status = call.fail(f"{quoted(root)}: {error}")
            continue
        yield from _search(call, root, resolved, expression, test)
    for pending in expression.collected:
        yield from pending()
    return status


def _search(call: Call, root: str, resolved: str, expression: Expression, test: Test) -> Steps[None]:
    pruned = ""
    for seen, (path, entry) in enumerate((yield from _limited(call, resolved, expression))):
        yield from turn()
        below = path[len(resolved.rstrip("/")) :] if path != resolved else ""
        if seen > MAX_LISTED or (pruned and path.startswith(pruned)):
            continue
        shown = (root.rstrip("/") or "") + below if below else root
        depth = below.count("/")
        if depth < expression.least:
            continue
        expression.prune = False
        yield from test(Seen(shown, path, entry, depth))
        if expression.prune and entry.kind == "dir":
            pruned = path.rstrip("/") + "/"


def _limited(call: Call, resolved: str, expression: Expression) -> Steps[list[tuple[str, Entry]]]:
    found = []
    base = resolved.rstrip("/").count("/")
    for path, entry in call.shell.files.walk(resolved):
        yield from turn()
        if path == resolved or path.count("/") - base <= expression.most:
            found.append((path, entry))
        if len(found) > MAX_LISTED:
            break
    return found[::-1] if expression.from_below else found
