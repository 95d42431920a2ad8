# SPDX-License-Identifier: MIT
"""Commands that ask name servers: dig, host, nslookup; none of the network answers, the machine itself has none."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import is_address
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.programs import command

MAX_ASKED = 4096
"""Characters read as names to look up."""
_DIG_OPTIONS = """
additional all answer authority bufsize cmd comments dnssec edns identify multiline qr question recurse retry search
short stats tcp time timeout trace tries
"""
_DIG = frozenset(_DIG_OPTIONS.split())
_DIG_USAGE = """\
Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use "dig -h" (or "dig -h | more") for complete list of options"""
_HOST_USAGE = """\
Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]
            [-R number] [-m flag] [-p port] hostname [server]"""


@command("nslookup", "dig", "host")
def resolve(call: Call) -> Effects:
    """Ask in vain."""
    _, operands = call.flags("tWRNcm" if call.name == "host" else "tqpbkyx")
    if call.name == "host" and not operands:
        call.print_error(_HOST_USAGE)
        return 1
    if call.name == "nslookup" and "-version" in call.args:
        call.print("nslookup 9.18.28-1~deb12u2-Debian")
        return 0
    if call.name == "nslookup" and not operands:  # asks for names until there are no more
        asked = decode((yield from call.input()).whole(MAX_ASKED)).split()
        operands = [name for name in asked if name not in ("exit", "server", "set")][:1]
        if not operands:
            call.print()
            return 1
    plus = [one[1:].partition("=")[0] for one in operands if one.startswith("+")]
    unknown = next((f"+{one}" for one in plus if one.removeprefix("no") not in _DIG), "")
    if unknown and call.name == "dig":
        call.print_error(f"Invalid option: {unknown[:64]}\n{_DIG_USAGE}")
        return 1
    plain = [one for one in operands if one[0] not in "@+-"]
    servers = [one[1:] for one in operands if one.startswith("@")] if call.name == "dig" else plain[1:2]
    yield Requested("resolve", {"program": call.name, "name": (plain or ["."])[0][:253]})
    return (yield from _unanswered(call, servers[0][:253] if servers else "", short="short" in plus))


def _unanswered(call: Call, server: str, *, short: bool) -> Effects:
    """Tell that no server answers: that of the network does not, and the machine has none."""
    local = server.startswith(("127.", "localhost"))
    yield Pause(0.1 if local else 2.0)
    asked = server if local or is_address(server) else "10.20.0.2"
    times = 2 if local and call.name == "host" else 1 if "+tries=1" in call.args else 3
    for _ in range(times):
        call.print(f";; communications error to {asked}#53: {'connection refused' if local else 'timed out'}")
    if call.name == "dig" and not short:
        call.print(f"\n; <<>> DiG 9.18.28-1~deb12u2-Debian <<>> {' '.join(call.args)[:512]}")
        call.print(("; (1 server found)\n" if server else "") + ";; global options: +cmd")
    call.print(";; no servers could be reached" + ("\n" if call.name == "nslookup" or not local else ""))
    return 1 if call.name != "dig" else 9
