# SPDX-License-Identifier: MIT
"""The names of all commands of Redis 7.0, carried out here or not: a request is recorded by its name.

Any other name is its client's choice: by such ones a flood could not be folded.
"""

from typing import Final

_NAMES: Final = (
    "acl append asking auth bgrewriteaof bgsave bitcount bitfield bitfield_ro bitop bitpos blmove blmpop blpop "
    "brpop brpoplpush bzmpop bzpopmax bzpopmin client cluster command config copy dbsize debug decr decrby del "
    "discard dump echo eval eval_ro evalsha evalsha_ro exec exists expire expireat expiretime failover fcall "
    "fcall_ro flushall flushdb function geoadd geodist geohash geopos georadius georadius_ro georadiusbymember "
    "georadiusbymember_ro geosearch geosearchstore get getbit getdel getex getrange getset hdel hello hexists "
    "hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset hsetnx hstrlen hvals incr "
    "incrby incrbyfloat info keys lastsave latency lcs lindex linsert llen lmove lmpop lolwut lpop lpos lpush "
    "lpushx lrange lrem lset ltrim memory mget migrate module monitor move mset msetnx multi object persist "
    "pexpire pexpireat pexpiretime pfadd pfcount pfdebug pfmerge pfselftest ping psetex psubscribe psync pttl "
    "publish pubsub punsubscribe quit randomkey readonly readwrite rename renamenx replconf replicaof reset "
    "restore restore-asking role rpop rpoplpush rpush rpushx sadd save scan scard script sdiff sdiffstore select "
    "set setbit setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog smembers "
    "smismember smove sort sort_ro spop spublish srandmember srem sscan ssubscribe strlen subscribe substr sunion "
    "sunionstore sunsubscribe swapdb sync time touch ttl type unlink unsubscribe unwatch wait watch xack xadd "
    "xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim zadd zcard "
    "zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin "
    "zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank "
    "zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore "
)
NAMES: Final = frozenset(_NAMES.split())
_WRITING: Final = (
    "blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin lmpop xack xadd xdel xgroup xreadgroup xsetid "
    "xtrim zmpop "
    "append copy decr decrby del expire expireat flushall flushdb getdel getex getset hdel hincrby hincrbyfloat hmset "
    "hset hsetnx incr incrby incrbyfloat linsert lmove lpop lpush lpushx lrem lset ltrim migrate move mset msetnx "
    "persist pexpire pexpireat psetex rename renamenx restore rpop rpoplpush rpush rpushx sadd sdiffstore set setbit "
    "setex setnx setrange sinterstore smove sort spop srem sunionstore swapdb unlink zadd zincrby zpopmax zpopmin "
    "zrem zremrangebyscore bitop zdiffstore zinterstore zrangestore zremrangebylex zremrangebyrank zunionstore"
)
WRITING: Final = frozenset(_WRITING.split())
"""Commands that a read-only replica refuses."""
