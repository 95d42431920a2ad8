# SPDX-License-Identifier: MIT
"""SUBSCRIBE and what belongs to it: a client hears of its channels, but nobody else's messages."""

from collections.abc import Sequence

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import Arguments, Function
from decnet_decoys.redis.protocol import Error, Message, Pushed, Reply

MOST_CHANNELS = 64
_ALLOWED = frozenset({"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ping", "quit", "reset"})


def refused(client: Client, name: str) -> Error | None:
    """Return why a command is refused to a client that has subscribed; None: it is not."""
    if not client.channels or client.version == 3 or name in _ALLOWED:
        return None
    return Error(
        f"ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
        "this context"
    )


def subscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "subscribe", given, add=True)


def psubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "psubscribe", given, add=True)


def unsubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "unsubscribe", [*(given or client.channels)] or [None], add=False)


def punsubscribe(client: Client, given: Arguments) -> Reply:
    return _told(client, "punsubscribe", [*(given or client.channels)] or [None], add=False)


def _told(client: Client, word: str, names: Sequence[bytes | None], *, add: bool) -> Reply:
    said: list[Reply] = []
    for name in names[:MOST_CHANNELS]:
        if name is not None:
            client.channels.pop(name, None)
            if add and len(client.channels) < MOST_CHANNELS and len(name) < 1024:
                client.channels[name] = None
        said.append(Message([word, name, len(client.channels)]))
    return Pushed(said)


def publish(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return 0


COMMANDS: dict[str, tuple[Function, int]] = {
    "subscribe": (subscribe, -2), "psubscribe": (psubscribe, -2), "unsubscribe": (unsubscribe, -1),
    "punsubscribe": (punsubscribe, -1), "publish": (publish, 3), "spublish": (publish, 3),
}  # fmt: skip
