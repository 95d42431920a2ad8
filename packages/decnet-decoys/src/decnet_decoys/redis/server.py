# SPDX-License-Identifier: MIT
"""The commands about the server: who the client is, how it is set, replication, modules, scripts.

Nothing here reaches the network or the disk. A replica never connects to its master, a module is never there.
"""

import time

from decnet_decoys.redis.about.containers import always, container, unknown_subcommand, wrong_arity
from decnet_decoys.redis.about.info import info
from decnet_decoys.redis.instance import DATABASES, Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Pairs, Pushed, Reply, Simple, text

_NO_MODULES = Error(
    'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a '
    "local connection, otherwise you need to set this option in the configuration file, and then restart the server."
)
_NO_DEBUG = Error(
    'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local '
    "connection, otherwise you need to set this option in the configuration file, and then restart the server."
)
_OF_REPLICAS = frozenset((b"listening-port", b"ip-address", b"capa", b"rdb-only", b"rdb-filter-only"))


def ping(client: Client, given: Arguments) -> Reply:
    if len(given) > 1:
        return wrong_arity("ping")
    if (client.channels or client.patterns) and client.version == 2:
        return ["pong", given[0] if given else b""]
    return given[0] if given else Simple("PONG")


def echo(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return given[0]


def quit_(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    client.leaves = True
    return OK


def auth(client: Client, given: Arguments) -> Reply:
    if len(given) > 2:
        return SYNTAX
    users = client.instance.users
    if len(given) == 1 and users["default"].without_password:
        return Error(
            "ERR AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?"
        )
    user = users["default"] if len(given) == 1 else users.get(text(given[0]))
    if user is None or not user.accepts(text(given[-1])):
        return Error("WRONGPASS invalid username-password pair or user is disabled.")
    client.user, client.authenticated = user, True
    return OK


def hello(client: Client, given: Arguments) -> Reply:
    """Return what the server is, in the version of the protocol that is asked for (HELLO 3 AUTH user password)."""
    version = number(given[0]) if given else client.version
    if version is None:
        return Error("ERR Protocol version is not an integer or out of range")
    if version not in (2, 3):
        return Error("NOPROTO unsupported protocol version")
    refused = _greeted(client, given[1:])
    if refused is not None:
        return refused
    if not client.authenticated:
        return Error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
            "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at the "
            "same time"
        )
    client.version = version
    return Pairs(
        {
            "server": "redis",
            "version": client.instance.profile.version,
            "proto": version,
            "id": client.id,
            "mode": "standalone",
            "role": "master" if client.instance.master is None else "replica",
            "modules": [],
        }
    )


def _greeted(client: Client, options: Arguments) -> Error | None:
    """Do what the options of HELLO say; return why they are refused, None: they are not."""
    while options:
        word = options[0].upper()
        if word == b"AUTH" and len(options) >= 3:
            said = auth(client, options[1:3])
            if isinstance(said, Error):
                return said
            options = options[3:]
        elif word == b"SETNAME" and len(options) >= 2:
            said = set_name(client, options[1:2])
            if isinstance(said, Error):
                return said
            options = options[2:]
        else:
            return Error(f"ERR Syntax error in HELLO option '{text(options[0])[:128]}'")
    return None


def set_name(client: Client, given: Arguments) -> Reply:
    """Name the connection, as CLIENT SETNAME does."""
    if any(byte < 0x21 or byte > 0x7E for byte in given[0]):
        return Error("ERR Client names cannot contain spaces, newlines or special characters.")
    client.name = text(given[0])[:64]
    return OK


def select(client: Client, given: Arguments) -> Reply:
    at = number(given[0])
    if at is None:
        return NOT_A_NUMBER
    if not 0 <= at < DATABASES:
        return Error("ERR DB index is out of range")
    client.database = at
    return OK


def info_(client: Client, given: Arguments) -> Reply:
    return info(client.instance, map(text, given))


def psync(client: Client, given: Arguments) -> Reply:
    """Begin what a replica wants; the data, which the real server sends five seconds later, never come."""
    if number(given[1]) is None:
        return NOT_A_NUMBER
    return Simple(f"FULLRESYNC {client.instance.replication_id} 0")


def sync(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Pushed([])


def save(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Have the databases written to a file once the command is carried out (`service`)."""
    client.saved = True
    client.instance.saved = time.time()
    client.instance.saves += 1
    client.instance.changes_saved = client.instance.changes
    return OK


def bgsave(client: Client, given: Arguments) -> Reply:
    if given and [one.upper() for one in given] != [b"SCHEDULE"]:
        return SYNTAX
    save(client, given)
    return Simple("Background saving started")


def lastsave(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return int(client.instance.saved)


def replicaof(client: Client, given: Arguments) -> Reply:
    host, port = (text(one) for one in given)
    if (host.lower(), port.lower()) == ("no", "one"):
        client.instance.master = None
        return OK
    at = number(given[1])
    if at is None or not 0 <= at <= 65535:
        return Error("ERR Invalid master port")
    if client.instance.master == (host[:253], str(at)):
        return Simple("OK Already connected to specified master")
    client.instance.master = (host[:253], str(at))
    return OK


def role(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    if client.instance.master is None:
        return ["master", 0, []]
    host, port = client.instance.master
    return ["slave", host, int(port), "connect", -1]


def _load_module(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    if client.instance.profile.protected:
        return _NO_MODULES
    return Error("ERR Error loading the extension. Please check the server logs.")


def _unload_module(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    if client.instance.profile.protected:
        return _NO_MODULES
    return Error("ERR Error unloading module: no such module with that name")


def time_(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    now = time.time()
    return [str(int(now)), str(int(now % 1 * 1e6))]


def debug(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return _NO_DEBUG


def slowlog(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    match given[0].upper(), given[1:]:
        case b"LEN", []:
            return 0
        case b"RESET", []:
            return OK
        case b"GET", [count] if (number(count) or 0) < -1 or number(count) is None:
            return Error("ERR count should be greater than or equal to -1")
        case b"GET", ([] | [_]):
            return []
    return unknown_subcommand(given[0], "SLOWLOG")


def _latency_graph(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Error(f"ERR No samples available for event '{text(given[0])[:128]}'")


def cluster(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Error("ERR This instance has cluster support disabled")


def shutdown(client: Client, given: Arguments) -> Reply:
    """Close the connection, as a server does that goes down; the others stay."""
    words = {one.upper() for one in given}
    if not words <= {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"} or {b"NOSAVE", b"SAVE"} <= words:
        return SYNTAX
    if [one.upper() for one in given] == [b"ABORT"]:
        return Error("ERR No shutdown in progress.")
    client.leaves = True
    return Pushed([])


def reset(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Make the connection as it was at its begin."""
    client.queued, client.spoiled = None, False
    client.watched.clear()
    client.database, client.version, client.name = 0, 2, ""
    client.channels.clear()
    client.patterns.clear()
    client.shard_channels.clear()
    client.user = client.instance.users["default"]
    client.authenticated = client.user.is_open
    return Simple("RESET")


def wait(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return 0 if number(given[0]) is not None else NOT_A_NUMBER


def replconf(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Take what a replica says of itself."""
    if len(given) % 2:
        return SYNTAX
    for name, value in zip(given[::2], given[1::2], strict=True):
        word = name.lower()
        if word in (b"ack", b"getack"):
            return Pushed([])
        if word not in _OF_REPLICAS:
            return Error(f"ERR Unrecognized REPLCONF option: {text(name)[:128]}")
        if word == b"listening-port" and number(value) is None:
            return NOT_A_NUMBER
    return OK


def bgrewriteaof(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Simple("Background append only file rewriting started")


def lolwut(client: Client, given: Arguments) -> Reply:
    """Name the version, as the server does that has no picture for one."""
    if len(given) > 1 and given[0].upper() == b"VERSION" and number(given[1]) is None:
        return NOT_A_NUMBER
    return f"Redis ver. {client.instance.profile.version}\n"


def accepted(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK


module = container(
    "MODULE",
    {b"LIST": always([]), b"LOAD": _load_module, b"LOADEX": _load_module, b"UNLOAD": _unload_module},
)
latency = container(
    "LATENCY",
    {b"LATEST": always([]), b"HISTORY": always([]), b"RESET": always(0), b"GRAPH": _latency_graph},
)

COMMANDS: dict[str, tuple[Function, int]] = {
    "ping": (ping, -1), "echo": (echo, 2), "quit": (quit_, -1), "auth": (auth, -2), "hello": (hello, -1),
    "select": (select, 2), "info": (info_, -1), "save": (save, 1),
    "bgsave": (bgsave, -1), "lastsave": (lastsave, 1), "slaveof": (replicaof, 3), "replicaof": (replicaof, 3),
    "role": (role, 1), "module": (module, -2), "time": (time_, 1), "shutdown": (shutdown, -1),
    "replconf": (replconf, -1), "bgrewriteaof": (bgrewriteaof, 1), "lolwut": (lolwut, -1),
    "cluster": (cluster, -2), "monitor": (accepted, 1), "debug": (debug, -2),
    "wait": (wait, 3), "slowlog": (slowlog, -2), "latency": (latency, -2), "readonly": (cluster, 1),
    "readwrite": (cluster, 1), "asking": (cluster, 1), "psync": (psync, -3), "sync": (sync, 1),
    "reset": (reset, 1),
}  # fmt: skip
