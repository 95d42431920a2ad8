# SPDX-License-Identifier: MIT
"""Which of the commands that are carried out here write.

Every request is looked up among them: what Redis tells of its commands would have to be decoded each time.
"""

from typing import Final

_WRITING: Final = (
    "blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin lmpop xack xadd xdel xgroup xreadgroup xsetid "
    "xtrim zmpop "
    "append copy decr decrby del expire expireat flushall flushdb getdel getex getset hdel hincrby hincrbyfloat hmset "
    "hset hsetnx incr incrby incrbyfloat linsert lmove lpop lpush lpushx lrem lset ltrim migrate move mset msetnx "
    "persist pexpire pexpireat psetex rename renamenx restore rpop rpoplpush rpush rpushx sadd sdiffstore set setbit "
    "setex setnx setrange sinterstore smove sort spop srem sunionstore swapdb unlink zadd zincrby zpopmax zpopmin "
    "zrem zremrangebyscore bitop bitfield zdiffstore zinterstore zrangestore zremrangebylex zremrangebyrank zunionstore"
)
WRITING: Final = frozenset(_WRITING.split())
"""Commands that a read-only replica refuses."""
