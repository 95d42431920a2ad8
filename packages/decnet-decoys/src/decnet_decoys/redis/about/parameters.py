# SPDX-License-Identifier: MIT
"""The parameters of Redis 7.0: their defaults as CONFIG GET shows them, and what CONFIG SET takes for each."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Final

_FIXED: Final = {
    "aclfile": "", "always-show-logo": "no", "aof_rewrite_cpulist": "", "appenddirname": "appendonlydir",
    "appendfilename": "appendonly.aof", "bgsave_cpulist": "", "bio_cpulist": "", "cluster-config-file": "nodes.conf",
    "cluster-enabled": "no", "cluster-port": "0", "daemonize": "no", "databases": "16", "disable-thp": "yes",
    "enable-debug-command": "no", "enable-module-command": "no", "enable-protected-configs": "no", "io-threads": "1",
    "io-threads-do-reads": "no", "logfile": "", "pidfile": "", "rdbchecksum": "yes", "replicaof": "",
    "server_cpulist": "", "set-proc-title": "yes", "slaveof": "", "socket-mark-id": "0", "supervised": "no",
    "syslog-enabled": "no", "syslog-facility": "local0", "syslog-ident": "redis", "tcp-backlog": "511",
    "unixsocket": "", "unixsocketperm": "0",
}  # fmt: skip
"""What only the configuration file can set."""
_ON: Final = (
    "activerehashing aof-load-truncated aof-rewrite-incremental-fsync aof-use-rdb-preamble "
    "cluster-allow-pubsubshard-when-down cluster-allow-replica-migration cluster-require-full-coverage "
    "crash-log-enabled crash-memcheck-enabled dynamic-hz jemalloc-bg-thread latency-tracking protected-mode "
    "rdb-save-incremental-fsync rdbcompression repl-diskless-sync replica-announced replica-ignore-maxmemory "
    "replica-read-only replica-serve-stale-data slave-ignore-maxmemory slave-read-only slave-serve-stale-data "
    "stop-writes-on-bgsave-error tls-session-caching"
)
_OFF: Final = (
    "activedefrag aof-disable-auto-gc aof-timestamp-enabled appendonly cluster-allow-reads-when-down "
    "cluster-replica-no-failover cluster-slave-no-failover lazyfree-lazy-eviction lazyfree-lazy-expire "
    "lazyfree-lazy-server-del lazyfree-lazy-user-del lazyfree-lazy-user-flush no-appendfsync-on-rewrite "
    "rdb-del-sync-files repl-disable-tcp-nodelay replica-ignore-disk-write-errors replica-lazy-flush slave-lazy-flush "
    "tls-cluster tls-prefer-server-ciphers tls-replication"
)
_INT, _LONG = 2**31 - 1, 2**63 - 1
_NUMBERS: Final = {
    "acllog-max-len": (128, 0, _LONG), "active-defrag-cycle-max": (25, 1, 99), "active-defrag-cycle-min": (1, 1, 99),
    "active-defrag-max-scan-fields": (1000, 1, _LONG), "active-defrag-threshold-lower": (10, 0, 1000),
    "active-defrag-threshold-upper": (100, 0, 1000), "active-expire-effort": (1, 1, 10),
    "auto-aof-rewrite-percentage": (100, 0, _INT), "busy-reply-threshold": (5000, 0, _LONG),
    "cluster-announce-bus-port": (0, 0, 65535), "cluster-announce-port": (0, 0, 65535),
    "cluster-announce-tls-port": (0, 0, 65535), "cluster-migration-barrier": (1, 0, _INT),
    "cluster-node-timeout": (15000, 0, _LONG), "cluster-replica-validity-factor": (10, 0, _INT),
    "cluster-slave-validity-factor": (10, 0, _INT), "hash-max-listpack-entries": (512, 0, _LONG),
    "hash-max-ziplist-entries": (512, 0, _LONG), "hz": (10, 0, _INT), "latency-monitor-threshold": (0, 0, _LONG),
    "lfu-decay-time": (1, 0, _INT), "lfu-log-factor": (10, 0, _INT), "list-compress-depth": (0, 0, _INT),
    "list-max-listpack-size": (-2, -_INT - 1, _INT), "list-max-ziplist-size": (-2, -_INT - 1, _INT),
    "lua-time-limit": (5000, 0, _LONG), "maxclients": (10000, 1, 4294967295),
    "maxmemory-eviction-tenacity": (10, 0, 100), "maxmemory-samples": (5, 1, _INT),
    "min-replicas-max-lag": (10, 0, _INT), "min-replicas-to-write": (0, 0, _INT), "min-slaves-max-lag": (10, 0, _INT),
    "min-slaves-to-write": (0, 0, _INT), "port": (0, 0, 65535), "repl-backlog-ttl": (3600, 0, _LONG),
    "repl-diskless-sync-delay": (5, 0, _INT), "repl-diskless-sync-max-replicas": (0, 0, _INT),
    "repl-ping-replica-period": (10, 1, _INT), "repl-ping-slave-period": (10, 1, _INT), "repl-timeout": (60, 1, _INT),
    "replica-announce-port": (0, 0, 65535), "replica-priority": (100, 0, _INT),
    "set-max-intset-entries": (512, 0, _LONG), "shutdown-timeout": (10, 0, _INT),
    "slave-announce-port": (0, 0, 65535), "slave-priority": (100, 0, _INT),
    "slowlog-log-slower-than": (10000, -1, _LONG), "slowlog-max-len": (128, 0, _LONG),
    "stream-node-max-entries": (100, 0, _LONG), "tcp-keepalive": (300, 0, _INT), "timeout": (0, 0, _INT),
    "tls-port": (0, 0, 65535), "tls-session-cache-size": (20480, 0, _INT),
    "tls-session-cache-timeout": (300, 0, _INT), "tracking-table-max-keys": (1000000, 0, _LONG),
    "zset-max-listpack-entries": (128, 0, _LONG), "zset-max-ziplist-entries": (128, 0, _LONG),
}  # fmt: skip
"""Default, least and most."""
_SIZES: Final = {
    "active-defrag-ignore-bytes": "104857600", "auto-aof-rewrite-min-size": "67108864",
    "client-query-buffer-limit": "1073741824", "cluster-link-sendbuf-limit": "0", "hash-max-listpack-value": "64",
    "hash-max-ziplist-value": "64", "hll-sparse-max-bytes": "3000", "maxmemory": "0", "maxmemory-clients": "0",
    "proto-max-bulk-len": "536870912", "repl-backlog-size": "1048576", "stream-node-max-bytes": "4096",
    "zset-max-listpack-value": "64", "zset-max-ziplist-value": "64",
}  # fmt: skip
_CHOICES: Final = {
    "acl-pubsub-default": ("resetchannels", "allchannels, resetchannels"),
    "appendfsync": ("everysec", "everysec, always, no"),
    "cluster-preferred-endpoint-type": ("ip", "ip, hostname, unknown-endpoint"),
    "loglevel": ("notice", "debug, verbose, notice, warning"),
    "maxmemory-policy": ("noeviction", "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, "
        "allkeys-lfu, allkeys-random, noeviction"),
    "oom-score-adj": ("no", "no, yes, relative, absolute"),
    "propagation-error-behavior": ("ignore", "ignore, panic, panic-on-replicas"),
    "repl-diskless-load": ("disabled", "disabled, on-empty-db, swapdb"),
    "sanitize-dump-payload": ("no", "no, yes, clients"),
    "shutdown-on-sigint": ("default", "default, save, nosave, now, force"),
    "shutdown-on-sigterm": ("default", "default, save, nosave, now, force"),
    "tls-auth-clients": ("yes", "no, yes, optional"),
}  # fmt: skip
"""Default, and all in the order of the server's error."""
_TEXTS: Final = {
    "bind": "* -::*", "bind-source-addr": "",
    "client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    "cluster-announce-hostname": "", "cluster-announce-ip": "", "dbfilename": "dump.rdb", "dir": "",
    "ignore-warnings": "", "latency-tracking-info-percentiles": "50 99 99.9", "masterauth": "", "masteruser": "",
    "notify-keyspace-events": "", "oom-score-adj-values": "0 200 800",
    "proc-title-template": "{title} {listen-addr} {server-mode}", "replica-announce-ip": "", "requirepass": "",
    "save": "3600 1 300 100 60 10000", "slave-announce-ip": "", "tls-ca-cert-dir": "", "tls-ca-cert-file": "",
    "tls-cert-file": "", "tls-ciphers": "", "tls-ciphersuites": "", "tls-client-cert-file": "",
    "tls-client-key-file": "", "tls-client-key-file-pass": "", "tls-dh-params-file": "", "tls-key-file": "",
    "tls-key-file-pass": "", "tls-protocols": "",
}  # fmt: skip

_UNITS: Final = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9, "gb": 1 << 30}
_SIZE = re.compile(r"(\d{1,15})([a-z]{0,2})", re.IGNORECASE)
_CLASSES: Final = frozenset("Ag$lshzxeKEtmdn")


def defaults() -> dict[str, str]:
    """Return all parameters as a server has them that nobody has configured."""
    return {
        **_FIXED,
        **dict.fromkeys(_ON.split(), "yes"),
        **dict.fromkeys(_OFF.split(), "no"),
        **{name: str(number[0]) for name, number in _NUMBERS.items()},
        **_SIZES,
        **{name: choice[0] for name, choice in _CHOICES.items()},
        **_TEXTS,
    }


def refused(name: str, value: str) -> str:
    """Return why a parameter cannot be set to a value, in the server's words; empty: it can."""
    if name in _FIXED:
        return "can't set immutable config"
    if name in _NUMBERS:
        return _number_refused(name, value)
    if name in _CHOICES:
        choices = _CHOICES[name][1]
        fits = value.lower() in choices.split(", ")
        return "" if fits else f"argument(s) must be one of the following: {choices}"
    if name in _SIZES:
        return "" if size(value) is not None else _NO_SIZE.get(name, "argument must be a memory value")
    if name in _SWITCHES:
        return "" if value.lower() in ("yes", "no") else "argument must be 'yes' or 'no'"
    return _text_refused(name, value)


_SWITCHES: Final = frozenset((_ON + " " + _OFF).split())
_NO_SIZE: Final = {"maxmemory-clients": "argument must be a memory or percent value"}


def _number_refused(name: str, value: str) -> str:
    _, least, most = _NUMBERS[name]
    if not re.fullmatch(r"-?\d{1,18}", value):
        return "argument couldn't be parsed into an integer"
    return "" if least <= int(value) <= most else f"argument must be between {least} and {most} inclusive"


def _text_refused(name: str, value: str) -> str:
    if name == "save":
        words = value.split()
        fits = len(words) % 2 == 0 and all(word.isascii() and word.isdigit() and len(word) < 10 for word in words)
        return "" if fits else "Invalid save parameters"
    if name == "notify-keyspace-events" and not set(value) <= _CLASSES:
        return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
    if name == "dbfilename" and "/" in value:
        return "dbfilename can't be a path, just a filename"
    if name == "client-output-buffer-limit" and len(value.split()) % 4:
        return "Wrong number of arguments in buffer limit configuration."
    return ""


def size(value: str) -> int | None:
    """Return the bytes that a value such as 100mb means; None: it means none."""
    found = _SIZE.fullmatch(value)
    unit = _UNITS.get(found[2].lower()) if found else None
    return int(found[1]) * unit if found and unit is not None else None


def put(settings: MutableMapping[str, str], name: str, value: str) -> None:
    """Set a parameter, and the one that is the same by its older or newer name."""
    if name in _SIZES:
        value = str(size(value))
    elif name in _SWITCHES or name in _CHOICES:
        value = value.lower()
    for one in (name, *_SAME.get(name, ())):
        if one in settings:
            settings[one] = value


def _names_alike() -> Mapping[str, tuple[str, ...]]:
    known = defaults()
    found: dict[str, tuple[str, ...]] = {}
    for name in known:
        for old, new in (("slave", "replica"), ("ziplist", "listpack"), ("slaves", "replicas")):
            other = name.replace(old, new)
            if other != name and other in known:
                found[name], found[other] = (other,), (name,)
    return found


_SAME: Final = _names_alike()
