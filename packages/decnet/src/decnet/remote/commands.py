# SPDX-License-Identifier: MIT
"""Which commands work on a remote master: those about what is in its database, and orders to its workers.

The others work on files, processes or the network of the host itself.
"""

from collections.abc import Sequence

API, TOKEN, TOKEN_FILE = "DECNET_API", "DECNET_API_TOKEN", "DECNET_API_TOKEN_FILE"  # names
CA, PIN = "DECNET_API_CA", "DECNET_API_PIN"

WHOLE = "*"
REMOTE: dict[str, tuple[str, ...]] = {
    "status": (WHOLE,),
    "events": (WHOLE,),
    "search": (WHOLE,),
    "attackers": (WHOLE,),
    "attacker": (WHOLE,),
    "summary": (WHOLE,),
    "sessions": (WHOLE,),
    "play": (WHOLE,),
    "credentials": (WHOLE,),
    "techniques": (WHOLE,),
    "incidents": (WHOLE,),
    "incident": (WHOLE,),
    "files": (WHOLE,),
    "intel": (WHOLE,),
    "identities": (WHOLE,),
    "identity": (WHOLE,),
    "campaigns": (WHOLE,),
    "campaign": (WHOLE,),
    "export": (WHOLE,),
    "quarantine": (WHOLE,),
    "user": (WHOLE,),
    "token": (WHOLE,),
    "audit": (WHOLE,),
    "known": (WHOLE,),
    "canary": (
        "new",
        "kinds",
        "list",
        "disable",
        "enable",
        "remove",
        "plant",
        "instrument",
        "export",
        "import",
        "check-dns",
    ),
    "report": (WHOLE,),
    "decky": (WHOLE,),
    "persona": (WHOLE,),
    "image": (WHOLE,),
    "deploy": (WHOLE,),
    "mutate": (WHOLE,),
    "webhook": (WHOLE,),
    "orchestrator": (WHOLE,),
    "swarm": (WHOLE,),
    "replay": (WHOLE,),
    "config": (WHOLE,),
    "worker": (WHOLE,),
    "footprint": (WHOLE,),
    "completion": (WHOLE,),
    "man": (WHOLE,),
    "docs": (WHOLE,),
}
"""Each with the subcommands that do; one that shows by default may have a number, an id or an address for `show`."""


HOST_ONLY = {
    "up": "it starts the processes of the host on which it runs; decnet worker restart restarts one of the master's",
    "init": "it makes units, accounts and directories of the host on which it runs; log in there",
    "upgrade": "it looks at what is installed on the host on which it runs; log in there",
    "drill": "it attacks deckies from the host on which it runs; run it there",
    "bus": "the bus has no listener for other hosts; decnet events --follow shows what is stored",
    "canary authority": "it makes files of the host on which it runs; run it there",
}
"""Why, and what to do instead, of what is of one host."""


def refusal(command: str, arguments: Sequence[str]) -> str | None:
    """Return why a command line cannot be carried out on a remote master, None when it can."""
    known = REMOTE.get(command)
    words = [word for word in arguments if not word.startswith("-")]
    if known is not None and (WHOLE in known or not words or {"--help", "-h"} & {*arguments}):
        return None
    if known is not None and (words[0] in known or ("show" in known and not words[0].isalpha())):
        return None
    named = f"{command} {words[0]}" if known is not None else command
    why = HOST_ONLY.get(named, "run it there")
    able = f"; of decnet {command} these do: {', '.join(known)}" if known else ""
    return f"decnet {named} does not work on a remote master: {why}{able}"
