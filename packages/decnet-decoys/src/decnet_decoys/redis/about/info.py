# SPDX-License-Identifier: MIT
"""What INFO says: figures that fit the persona's machine, and grow with time and use."""

import time
from collections.abc import Iterable

from decnet_decoys.redis.instance import EACH_CLIENT, STARTUP_BYTES, Instance


def info(instance: Instance, wanted: Iterable[str]) -> str:
    """Return the sections of these names, in the server's order; unknown ones are left out."""
    names = {name.lower() for name in wanted} or {"default"}
    usual, everything = "default" in names, bool(names & {"all", "everything"})
    found = [
        _section(title, rows)
        for title, rows in _sections(instance).items()
        if title.lower() in names or everything or (usual and title not in _ASKED_FOR)
    ]
    return "\r\n".join(found)


_ASKED_FOR = ("Commandstats", "Latencystats")
"""Sections that INFO alone does not have."""


def _section(title: str, rows: dict[str, object]) -> str:
    return "".join((f"# {title}\r\n", *(f"{key}:{value}\r\n" for key, value in rows.items())))


def _zeros(names: str) -> dict[str, object]:
    return dict.fromkeys(names.split(), 0)


def _sections(instance: Instance) -> dict[str, dict[str, object]]:
    now = time.time()
    uptime = int(now - instance.started)
    filled = {f"db{at}": one for at, one in enumerate(instance.databases) if len(one)}
    return {
        "Server": _server(instance, now, uptime),
        "Clients": {
            "connected_clients": instance.connected,
            "cluster_connections": 0,
            "maxclients": instance.settings["maxclients"],
            "client_recent_max_input_buffer": 20480,
            "client_recent_max_output_buffer": 0,
            **_zeros("blocked_clients tracking_clients clients_in_timeout_table"),
        },
        "Memory": _memory(instance, sum(map(len, filled.values()))),
        "Persistence": _persistence(instance),
        "Stats": _stats(instance),
        "Replication": _replication(instance),
        "CPU": _processor(uptime),
        "Modules": {},
        "Commandstats": _commands(instance),
        "Errorstats": {
            f"errorstat_{code}": f"count={count}" for code, count in sorted(instance.errors.items())
        },
        "Latencystats": _latencies(instance),
        "Cluster": {"cluster_enabled": 0},
        "Keyspace": {
            name: f"keys={len(one)},expires={one.expiring},avg_ttl={one.average_milliseconds(now)}"
            for name, one in filled.items()
        },
    }  # fmt: skip


def _memory(instance: Instance, keys: int) -> dict[str, object]:
    memory = instance.persona.hardware.memory_kib * 1024
    used = instance.used_without_keys + 96 * keys
    peak, rss, active = used + 61_720, used + 9_400_000, used + 909_312
    overhead = instance.used_without_keys + 200
    limit = instance.settings["maxmemory"]
    return {
        "used_memory": used,
        "used_memory_human": _human(used),
        "used_memory_rss": rss,
        "used_memory_rss_human": _human(rss),
        "used_memory_peak": peak,
        "used_memory_peak_human": _human(peak),
        "used_memory_peak_perc": f"{used / peak:.2%}",
        "used_memory_overhead": overhead,
        "used_memory_startup": STARTUP_BYTES,
        "used_memory_dataset": max(0, used - overhead) + 40_560,
        "used_memory_dataset_perc": f"{min(1.0, 40_560 / max(40_560, used - STARTUP_BYTES)):.2%}",
        "allocator_allocated": used + 773_720,
        "allocator_active": active,
        "allocator_resident": active + 2_670_592,
        "total_system_memory": memory,
        "total_system_memory_human": _human(memory),
        "used_memory_lua": 32768,
        "used_memory_vm_eval": 32768,
        "used_memory_lua_human": "32.00K",
        "used_memory_scripts_eval": 184 * len(instance.scripts),
        "number_of_cached_scripts": len(instance.scripts),
        **_zeros("number_of_functions number_of_libraries"),
        "used_memory_vm_functions": 33792,
        "used_memory_vm_total": 66560,
        "used_memory_vm_total_human": "65.00K",
        "used_memory_functions": 200,
        "used_memory_scripts": 200 + 184 * len(instance.scripts),
        "used_memory_scripts_human": _human(200 + 184 * len(instance.scripts)),
        "maxmemory": limit,
        "maxmemory_human": _human(int(limit)),
        "maxmemory_policy": instance.settings["maxmemory-policy"],
        "allocator_frag_ratio": f"{active / (used + 773_720):.2f}",
        "allocator_frag_bytes": active - used - 773_720,
        "allocator_rss_ratio": f"{(active + 2_670_592) / active:.2f}",
        "allocator_rss_bytes": 2_670_592,
        "rss_overhead_ratio": f"{rss / (active + 2_670_592):.2f}",
        "rss_overhead_bytes": rss - active - 2_670_592,
        "mem_fragmentation_ratio": f"{rss / used:.2f}",
        "mem_fragmentation_bytes": rss - used,
        **_zeros("mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers mem_clients_slaves"),
        "mem_clients_normal": EACH_CLIENT * instance.connected,
        **_zeros("mem_cluster_links mem_aof_buffer"),
        "mem_allocator": "jemalloc-5.3.0",
        **_zeros("active_defrag_running lazyfree_pending_objects lazyfreed_objects"),
    }


def _persistence(instance: Instance) -> dict[str, object]:
    return {
        **_zeros("loading async_loading current_cow_peak current_cow_size current_cow_size_age"),
        "current_fork_perc": "0.00",
        **_zeros("current_save_keys_processed current_save_keys_total"),
        "rdb_changes_since_last_save": instance.changes - instance.changes_saved,
        "rdb_bgsave_in_progress": 0,
        "rdb_last_save_time": int(instance.saved),
        "rdb_last_bgsave_status": "ok",
        "rdb_last_bgsave_time_sec": 0,
        "rdb_current_bgsave_time_sec": -1,
        "rdb_saves": instance.saves,
        "rdb_last_cow_size": 290_816,
        "rdb_last_load_keys_expired": 0,
        "rdb_last_load_keys_loaded": len(instance.profile.keys),
        "aof_enabled": int(instance.settings["appendonly"] == "yes"),
        **_zeros("aof_rewrite_in_progress aof_rewrite_scheduled"),
        "aof_last_rewrite_time_sec": -1,
        "aof_current_rewrite_time_sec": -1,
        "aof_last_bgrewrite_status": "ok",
        **_zeros("aof_rewrites aof_rewrites_consecutive_failures"),
        "aof_last_write_status": "ok",
        **_zeros("aof_last_cow_size module_fork_in_progress module_fork_last_cow_size"),
    }


def _stats(instance: Instance) -> dict[str, object]:
    asked = instance.commands
    return {
        "total_connections_received": asked // 7,
        "total_commands_processed": asked,
        "instantaneous_ops_per_sec": 0,
        "total_net_input_bytes": asked * 41,
        "total_net_output_bytes": asked * 173,
        **_zeros("total_net_repl_input_bytes total_net_repl_output_bytes"),
        "instantaneous_input_kbps": "0.01",
        "instantaneous_output_kbps": "0.05",
        "instantaneous_input_repl_kbps": "0.00",
        "instantaneous_output_repl_kbps": "0.00",
        **_zeros("rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys"),
        "expired_stale_perc": "0.00",
        "expired_time_cap_reached_count": 0,
        "expire_cycle_cpu_milliseconds": int(time.time() - instance.started) // 46,
        **_zeros("evicted_keys evicted_clients total_eviction_exceeded_time current_eviction_exceeded_time"),
        "keyspace_hits": asked // 3,
        "keyspace_misses": asked // 19,
        **_zeros("pubsub_channels pubsub_patterns pubsubshard_channels"),
        "latest_fork_usec": 312 * min(1, instance.saves),
        "total_forks": instance.saves,
        **_zeros(
            "migrate_cached_sockets slave_expires_tracked_keys active_defrag_hits active_defrag_misses "
            "active_defrag_key_hits active_defrag_key_misses total_active_defrag_time current_active_defrag_time "
            "tracking_total_keys tracking_total_items tracking_total_prefixes unexpected_error_replies"
        ),
        "total_error_replies": sum(instance.errors.values()),
        "dump_payload_sanitizations": 0,
        "total_reads_processed": asked + asked // 7,
        "total_writes_processed": asked,
        **_zeros("io_threaded_reads_processed io_threaded_writes_processed"),
        "reply_buffer_shrinks": asked // 11,
        "reply_buffer_expands": 0,
    }


def _processor(uptime: int) -> dict[str, object]:
    system, user = uptime * 0.00113, uptime * 0.00097
    return {
        "used_cpu_sys": f"{system:.6f}",
        "used_cpu_user": f"{user:.6f}",
        "used_cpu_sys_children": f"{system * 0.0021:.6f}",
        "used_cpu_user_children": f"{user * 0.0013:.6f}",
        "used_cpu_sys_main_thread": f"{system * 0.998:.6f}",
        "used_cpu_user_main_thread": f"{user * 0.999:.6f}",
    }


def _commands(instance: Instance) -> dict[str, object]:
    """Return how often each command was carried out; how long they took is as for a server that has nothing to do."""
    return {
        f"cmdstat_{name}": f"calls={count},usec={count * 7},usec_per_call=7.00,rejected_calls=0,failed_calls=0"
        for name, count in instance.used.items()
    }


def _latencies(instance: Instance) -> dict[str, object]:
    return {f"latency_percentiles_usec_{name}": "p50=7.007,p99=21.119,p99.9=21.119" for name in instance.used}


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
            "slave_read_repl_offset": 0,
            "slave_repl_offset": 0,
            "master_link_down_since_seconds": -1,
            "slave_priority": 100,
            "slave_read_only": int(instance.settings["replica-read-only"] == "yes"),
            "replica_announced": 1,
            "connected_slaves": 0,
            "master_failover_state": "no-failover",
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
