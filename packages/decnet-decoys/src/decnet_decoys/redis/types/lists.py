# SPDX-License-Identifier: MIT
"""The commands of lists."""

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, lpush, number, rpush
from decnet_decoys.redis.protocol import Error, Nothing, Reply
from decnet_decoys.redis.types.strings import between

_NOT_POSITIVE = Error("ERR value is out of range, must be positive")


def lpop(client: Client, given: Arguments) -> Reply:
    return _popped(client, given, "lpop", 0)


def rpop(client: Client, given: Arguments) -> Reply:
    return _popped(client, given, "rpop", -1)


def _popped(client: Client, given: Arguments, name: str, at: int) -> Reply:
    if len(given) > 2:
        return Error(f"ERR wrong number of arguments for '{name}' command")
    count = number(given[1]) if len(given) == 2 else 1
    if count is None or count < 0:
        return _NOT_POSITIVE
    value = list(client.keys.list_(given[0]))
    if not value:
        return None if len(given) == 1 else Nothing()
    found = value[:count] if at == 0 else value[: -count - 1 : -1]
    client.keys.put(given[0], value[count:] if at == 0 else value[: len(value) - len(found)], keeps_time=True)
    return found[0] if len(given) == 1 else found


def lpushx(client: Client, given: Arguments) -> Reply:
    return lpush(client, given) if client.keys.list_(given[0]) else 0


def rpushx(client: Client, given: Arguments) -> Reply:
    return rpush(client, given) if client.keys.list_(given[0]) else 0


def lindex(client: Client, given: Arguments) -> Reply:
    value, at = client.keys.list_(given[0]), number(given[1])
    if at is None:
        return NOT_A_NUMBER
    return value[at] if -len(value) <= at < len(value) else None


def lset(client: Client, given: Arguments) -> Reply:
    key, where, element = given
    value, at = list(client.keys.list_(key)), number(where)
    if not value:
        return Error("ERR no such key")
    if at is None:
        return NOT_A_NUMBER
    if not -len(value) <= at < len(value):
        return Error("ERR index out of range")
    value[at] = element
    client.keys.put(key, value, keeps_time=True)
    return OK


def lrem(client: Client, given: Arguments) -> Reply:
    key, count, element = given
    value, most = client.keys.list_(key), number(count)
    if most is None:
        return NOT_A_NUMBER
    places = [at for at, one in enumerate(value) if one == element]
    gone = set(places[:most] if most > 0 else places[most:] if most else places)
    client.keys.put(key, [one for at, one in enumerate(value) if at not in gone], keeps_time=True)
    return len(gone)


def linsert(client: Client, given: Arguments) -> Reply:
    key, where, pivot, element = given
    if where.upper() not in (b"BEFORE", b"AFTER"):
        return SYNTAX
    value = list(client.keys.list_(key))
    if pivot not in value:
        return -1 if value else 0
    value.insert(value.index(pivot) + (where.upper() == b"AFTER"), element)
    client.keys.put(key, value, keeps_time=True)
    return len(value)


def ltrim(client: Client, given: Arguments) -> Reply:
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    value = client.keys.list_(given[0])
    client.keys.put(given[0], value[between(len(value), first, last)], keeps_time=True)
    return OK


def rpoplpush(client: Client, given: Arguments) -> Reply:
    return _moved(client, given[0], given[1], -1, 0)


def lmove(client: Client, given: Arguments) -> Reply:
    source, target, *ends = given
    places = [{b"LEFT": 0, b"RIGHT": -1}.get(one.upper()) for one in ends]
    return SYNTAX if None in places else _moved(client, source, target, places[0] or 0, places[1] or 0)


def _moved(client: Client, source: bytes, target: bytes, taken: int, put: int) -> Reply:
    value = list(client.keys.list_(source))
    client.keys.list_(target)
    if not value:
        return None
    element = value.pop(taken)
    client.keys.put(source, value, keeps_time=True)
    (rpush if put else lpush)(client, [target, element])
    return element


def lpos(client: Client, given: Arguments) -> Reply:
    """Return where an element is: the first place, or with COUNT as many as are asked for."""
    key, element, *options = given
    words = {one.upper(): number(value) for one, value in zip(options[::2], options[1::2], strict=False)}
    if len(options) % 2 or not set(words) <= {b"RANK", b"COUNT", b"MAXLEN"}:
        return SYNTAX
    if None in words.values():
        return NOT_A_NUMBER
    rank, count, most = (words.get(one) for one in (b"RANK", b"COUNT", b"MAXLEN"))
    if rank == 0:
        return Error(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
            "start from the end of the list"
        )
    value = client.keys.list_(key)
    looked = list(enumerate(value))[:: -1 if (rank or 1) < 0 else 1][: most or None]
    places = [at for at, one in looked if one == element][abs(rank or 1) - 1 :]
    if count is None:
        return places[0] if places else None
    return Error("ERR COUNT can't be negative") if count < 0 else places[: count or None]


COMMANDS: dict[str, tuple[Function, int]] = {
    "lpop": (lpop, -2), "rpop": (rpop, -2), "lpushx": (lpushx, -3), "rpushx": (rpushx, -3), "lindex": (lindex, 3),
    "lset": (lset, 4), "lrem": (lrem, 4), "linsert": (linsert, 5), "ltrim": (ltrim, 4),
    "lpos": (lpos, -3), "rpoplpush": (rpoplpush, 3), "lmove": (lmove, 5),
}  # fmt: skip
