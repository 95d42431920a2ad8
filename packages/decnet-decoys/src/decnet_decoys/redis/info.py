# SPDX-License-Identifier: MIT
"""What INFO says: figures that fit the persona's machine, and grow with time and use."""

import time
from collections.abc import Iterable

from decnet_decoys.redis.instance import Instance

_STARTUP_BYTES = 876_176
_EACH_CLIENT = 22_400


def info(instance: Instance, wanted: Iterable[str]) -> str:
    """Return the sections of these names, in the server's order; unknown ones are left out."""
    names = {name.lower() for name in wanted} or {"default"}
    everything = bool(names & {"default", "all", "everything"})
    found = [
        _section(title, rows) for title, rows in _sections(instance).items() if everything or title.lower() in names
    ]
    return "\r\n".join(found)


def _section(title: str, rows: dict[str, object]) -> str:
    return "".join((f"# {title}\r\n", *(f"{key}:{value}\r\n" for key, value in rows.items())))


def _sections(instance: Instance) -> dict[str, dict[str, object]]:
    now = time.time()
    uptime = int(now - instance.started)
    filled = {f"db{at}": one for at, one in enumerate(instance.databases) if len(one)}
    used = _STARTUP_BYTES + _EACH_CLIENT * instance.connected + 96 * sum(map(len, filled.values()))
    memory = instance.persona.hardware.memory_kib * 1024
    return {
        "Server": _server(instance, now, uptime),
        "Clients": {
            "connected_clients": instance.connected,
            "cluster_connections": 0,
            "maxclients": 10000,
            "client_recent_max_input_buffer": 20480,
            "client_recent_max_output_buffer": 0,
            "blocked_clients": 0,
            "tracking_clients": 0,
            "clients_in_timeout_table": 0,
        },
        "Memory": {
            "used_memory": used,
            "used_memory_human": _human(used),
            "used_memory_rss": used + 9_400_000,
            "used_memory_rss_human": _human(used + 9_400_000),
            "used_memory_peak": used + 61_720,
            "used_memory_peak_human": _human(used + 61_720),
            "total_system_memory": memory,
            "total_system_memory_human": _human(memory),
            "used_memory_lua": 31744,
            "used_memory_lua_human": "31.00K",
            "maxmemory": 0,
            "maxmemory_human": "0B",
            "maxmemory_policy": "noeviction",
            "mem_allocator": "jemalloc-5.3.0",
            "active_defrag_running": 0,
            "lazyfree_pending_objects": 0,
        },
        "Persistence": {
            "loading": 0,
            "async_loading": 0,
            "rdb_changes_since_last_save": 0,
            "rdb_bgsave_in_progress": 0,
            "rdb_last_save_time": int(instance.saved),
            "rdb_last_bgsave_status": "ok",
            "rdb_last_bgsave_time_sec": 0,
            "aof_enabled": 0,
            "aof_rewrite_in_progress": 0,
        },
        "Stats": {
            "total_connections_received": instance.commands // 7,
            "total_commands_processed": instance.commands,
            "instantaneous_ops_per_sec": 0,
            "total_net_input_bytes": instance.commands * 41,
            "total_net_output_bytes": instance.commands * 173,
            "rejected_connections": 0,
            "expired_keys": 0,
            "evicted_keys": 0,
            "pubsub_channels": 0,
            "latest_fork_usec": 0,
        },
        "Replication": _replication(instance),
        "CPU": {"used_cpu_sys": f"{uptime * 0.00113:.6f}", "used_cpu_user": f"{uptime * 0.00097:.6f}"},
        "Modules": {},
        "Errorstats": {},
        "Cluster": {"cluster_enabled": 0},
        "Keyspace": {
            name: f"keys={len(one)},expires={one.expiring},avg_ttl=0" for name, one in filled.items()
        },
    }  # fmt: skip


def _server(instance: Instance, now: float, uptime: int) -> dict[str, object]:
    profile = instance.profile
    return {
        "redis_version": profile.version,
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": profile.build,
        "redis_mode": "standalone",
        "os": f"Linux {instance.persona.kernel} {instance.persona.machine}",
        "arch_bits": 64,
        "monotonic_clock": "POSIX clock_gettime",
        "multiplexing_api": "epoll",
        "atomicvar_api": "c11-builtin",
        "gcc_version": profile.gcc,
        "process_id": instance.pid,
        "process_supervised": "systemd",
        "run_id": instance.run_id,
        "tcp_port": instance.port,
        "server_time_usec": int(now * 1e6),
        "uptime_in_seconds": uptime,
        "uptime_in_days": uptime // 86400,
        "hz": 10,
        "configured_hz": 10,
        "lru_clock": int(now) & 0xFFFFFF,
        "executable": "/usr/bin/redis-server",
        "config_file": "/etc/redis/redis.conf",
        "io_threads_active": 0,
    }


def _replication(instance: Instance) -> dict[str, object]:
    if instance.master is None:
        role: dict[str, object] = {"role": "master", "connected_slaves": 0, "master_failover_state": "no-failover"}
    else:
        host, port = instance.master
        role = {
            "role": "slave",
            "master_host": host,
            "master_port": port,
            "master_link_status": "down",
            "master_last_io_seconds_ago": -1,
            "master_sync_in_progress": 0,
            "slave_repl_offset": 0,
            "slave_priority": 100,
            "slave_read_only": 1,
            "connected_slaves": 0,
        }
    return {
        **role,
        "master_replid": instance.replication_id,
        "master_replid2": "0" * 40,
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": 1048576,
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    }


def _human(size: int) -> str:
    for unit, factor in (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.2f}{unit}"
    return f"{size}B"
