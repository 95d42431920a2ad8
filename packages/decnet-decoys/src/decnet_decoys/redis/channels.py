# SPDX-License-Identifier: MIT
"""SUBSCRIBE and what belongs to it: a client hears of its channels, but nobody else's messages."""

from collections.abc import Sequence

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import Arguments, Function
from decnet_decoys.redis.protocol import Error, Message, Pushed, Reply

MOST_CHANNELS = 64
_ALLOWED = frozenset(
    {"subscribe", "unsubscribe", "ssubscribe", "sunsubscribe", "psubscribe", "punsubscribe", "ping", "quit", "reset"}
)


def refused(client: Client, name: str) -> Error | None:
    """Return why a command is refused to a client that has subscribed; None: it is not."""
    if not (client.channels or client.patterns or client.shard_channels) or client.version == 3 or name in _ALLOWED:
        return None
    return Error(
        f"ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
        "this context"
    )


def subscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "subscribe", client.channels, given, add=True)


def psubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "psubscribe", client.patterns, given, add=True)


def unsubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "unsubscribe", client.channels, [*(given or client.channels)] or [None], add=False)


def punsubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "punsubscribe", client.patterns, [*(given or client.patterns)] or [None], add=False)


def ssubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "ssubscribe", client.shard_channels, given, add=True)


def sunsubscribe(client: Client, given: Arguments) -> Reply:
    names = [*(given or client.shard_channels)] or [None]
    return _told(client, "sunsubscribe", client.shard_channels, names, add=False)


def _told(client: Client, word: str, known: dict[bytes, None], names: Sequence[bytes | None], *, add: bool) -> Reply:
    """Change the channels or patterns that a client has subscribed to, and tell how many it has of both."""
    said: list[Reply] = []
    for name in names[:MOST_CHANNELS]:
        if name is not None:
            known.pop(name, None)
            if add and len(known) < MOST_CHANNELS and len(name) < 1024:
                known[name] = None
        count = len(known) if known is client.shard_channels else len(client.channels) + len(client.patterns)
        said.append(Message([word, name, count]))
    return Pushed(said)


def publish(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return 0


COMMANDS: dict[str, tuple[Function, int]] = {
    "subscribe": (subscribe, -2), "psubscribe": (psubscribe, -2), "unsubscribe": (unsubscribe, -1),
    "punsubscribe": (punsubscribe, -1), "ssubscribe": (ssubscribe, -2), "sunsubscribe": (sunsubscribe, -1),
    "publish": (publish, 3), "spublish": (publish, 3),
}  # fmt: skip
