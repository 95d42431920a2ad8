# SPDX-License-Identifier: MIT
"""What the kernel shows below /proc and /sys besides the files that a machine's tree has (proc(5), sysfs(5)).

Made when it is looked at, not kept in each tree: there is much of it, and intruders look at little. Text that names
a machine's parts is made of its persona's hardware.
"""

from functools import cache
from posixpath import dirname
from typing import NamedTuple
from uuid import uuid4

from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.tree import Entry

_FOLDERS = """
/proc/acpi /proc/bus/pci /proc/bus/input /proc/driver /proc/dynamic_debug /proc/fs/ext4 /proc/irq/0 /proc/irq/1
/proc/scsi /proc/sysvipc /proc/tty/driver /proc/tty/ldisc /proc/sys/abi /proc/sys/debug /proc/sys/dev /proc/sys/user
/sys/block /sys/bus/pci /sys/bus/usb /sys/bus/virtio /sys/class/bdi /sys/class/block /sys/class/drm /sys/class/graphics
/sys/class/hwmon /sys/class/input /sys/class/mem /sys/class/misc /sys/class/pci_bus /sys/class/power_supply
/sys/class/rtc /sys/class/scsi_host /sys/class/thermal /sys/class/tty /sys/class/vc /sys/class/watchdog /sys/dev/block
/sys/dev/char /sys/firmware/acpi /sys/firmware/efi /sys/firmware/memmap /sys/fs/bpf /sys/fs/cgroup /sys/fs/ext4
/sys/fs/fuse /sys/fs/pstore /sys/kernel/debug /sys/kernel/mm/hugepages /sys/kernel/mm/ksm
/sys/kernel/security /sys/kernel/slab /sys/kernel/tracing /sys/module/ext4 /sys/module/kernel /sys/module/virtio_net
/sys/power /sys/devices/pci0000:00 /sys/devices/platform /sys/devices/pnp0 /sys/devices/virtual
"""
_TEXTS = {
    "/proc/buddyinfo": "Node 0, zone      DMA      1      0      0      0      0      0      0      0      1      1"
    "      3 \nNode 0, zone    DMA32    811    402    233    120     64     31     18      9      6      4    290 \n",
    "/proc/cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\n" + "".join(
        f"{name}\t0\t78\t1\n" for name in ("cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer",
                                           "net_cls", "perf_event", "net_prio", "hugetlb", "pids", "rdma", "misc")),
    "/proc/consoles": "tty0                 -WU (EC p  )    4:1\n",
    "/proc/crypto": "name         : crc32c\ndriver       : crc32c-intel\nmodule       : crc32c_intel\n"
    "priority     : 200\nrefcnt       : 6\nselftest     : passed\ninternal     : no\ntype         : shash\n"
    "blocksize    : 1\ndigestsize   : 4\n\n",
    "/proc/dma": " 4: cascade\n",
    "/proc/execdomains": "0-0\tLinux           \t[kernel]\n",
    "/proc/fb": "0 virtio_gpudrmfb\n",
    "/proc/iomem": "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n0009fc00-0009ffff : Reserved\n",
    "/proc/ioports": "0000-0cf7 : PCI Bus 0000:00\n  0000-001f : dma1\n  0020-0021 : pic1\n  0040-0043 : timer0\n",
    "/proc/kallsyms": "0000000000000000 A fixed_percpu_data\n0000000000000000 A __per_cpu_start\n",
    "/proc/key-users": "    0:    12 11/11 8/1000000 150/25000000\n",
    "/proc/keys": "0a3c1f52 I------     1 perm 1f030000     0 65534 keyring   .dns_resolver: empty\n",
    "/proc/locks": "1: FLOCK  ADVISORY  WRITE 512 00:18:1021 0 EOF\n",
    "/proc/misc": "234 btrfs-control\n144 nvram\n228 hpet\n231 snapshot\n227 mcelog\n  1 psaux\n183 hw_random\n",
    "/proc/mtrr": "",
    "/proc/pagetypeinfo": "Page block order: 9\nPages per block:  512\n\n",
    "/proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1893341\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "/proc/pressure/io": "some avg10=0.00 avg60=0.00 avg300=0.00 total=801334\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=766120\n",
    "/proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "/proc/schedstat": "version 15\ntimestamp 4295892313\n",
    "/proc/slabinfo": "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
    "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> "
    "<sharedavail>\n",
    "/proc/timer_list": "Timer List Version: v0.9\nHRTIMER_MAX_CLOCK_BASES: 8\n",
    "/proc/vmallocinfo": "0x0000000000000000-0x0000000000000000    8192 hpet_enable+0x2f/0x2f0 phys=fed00000 ioremap\n",
    "/proc/vmstat": "nr_free_pages 151222\nnr_zone_inactive_anon 22011\nnr_zone_active_anon 410\npgpgin 812334\n"
    "pgpgout 1933214\npswpin 0\npswpout 0\npgfault 41223344\npgmajfault 2213\noom_kill 0\n",
    "/proc/zoneinfo": "Node 0, zone      DMA\n  per-node stats\n      nr_inactive_anon 22011\n",
    "/proc/sysrq-trigger": "",
    "/proc/kmsg": "",
    "/proc/sysvipc/msg": "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid "
    "     stime      rtime      ctime\n",
    "/proc/sysvipc/sem": "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n",
    "/proc/sysvipc/shm": "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid "
    "     atime      dtime      ctime                   rss                  swap\n",
    "/proc/net/tcp6": "  sl  local_address                         remote_address                        st tx_queue "
    "rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
    "/proc/net/udp6": "  sl  local_address                         remote_address                        st tx_queue "
    "rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n",
    "/proc/net/raw": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode "
    "ref pointer drops\n",
    "/proc/net/packet": "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n",
    "/proc/net/sockstat": "sockets: used 131\nTCP: inuse 4 orphan 0 tw 0 alloc 6 mem 1\nUDP: inuse 1 mem 1\n"
    "UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n",
    "/proc/net/snmp": "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
    "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs "
    "FragFails FragCreates\nIp: 2 64 812334 0 0 0 0 0 811902 643120 20 0 0 0 0 0 0 0 0\n"
    "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\n"
    "Udp: 20418 41 0 20466 0 0 0 0 0\n",
    "/proc/net/if_inet6": "00000000000000000000000000000001 01 80 10 80       lo\n",
    "/proc/net/fib_trie": "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n",
    "/proc/net/protocols": "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs "
    "se re sp bi br ha uh gp em\n",
    "/proc/net/wireless": "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n",
    "/sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
    "/sys/kernel/mm/transparent_hugepage/defrag": "always defer defer+madvise [madvise] never\n",
    "/sys/kernel/uevent_seqnum": "1290\n", "/sys/kernel/profiling": "0\n", "/sys/kernel/kexec_loaded": "0\n",
    "/sys/kernel/kexec_crash_loaded": "0\n", "/sys/kernel/fscaps": "1\n", "/sys/kernel/rcu_normal": "0\n",
    "/sys/power/state": "freeze mem disk\n", "/sys/power/mem_sleep": "s2idle [deep]\n",
    "/sys/power/disk": "[disabled]\n",
    "/sys/devices/system/cpu/possible": "0-1\n", "/sys/devices/system/cpu/isolated": "\n",
    "/sys/devices/system/cpu/smt/active": "0\n", "/sys/devices/system/cpu/smt/control": "notsupported\n",
    "/sys/devices/system/node/online": "0\n", "/sys/devices/system/clocksource/clocksource0/current_clocksource":
    "kvm-clock\n",
    "/sys/class/rtc/rtc0/name": "rtc_cmos rtc_cmos\n",
}  # fmt: skip
_SYSCTLS = """
fs.aio-max-nr=65536 fs.aio-nr=0 fs.dentry-state=31822\t17210\t45\t0\t6120\t0 fs.epoll.max_user_watches=440320
fs.inode-nr=30211\t310 fs.inotify.max_queued_events=16384 fs.inotify.max_user_instances=128
fs.inotify.max_user_watches=14987 fs.lease-break-time=45 fs.leases-enable=1 fs.mount-max=100000
fs.mqueue.queues_max=256 fs.nr_open=1048576 fs.overflowgid=65534 fs.overflowuid=65534 fs.pipe-max-size=1048576
fs.protected_fifos=1 fs.protected_hardlinks=1 fs.protected_regular=2 fs.protected_symlinks=1 fs.suid_dumpable=0
kernel.acct=4\t2\t30 kernel.bpf_stats_enabled=0 kernel.cap_last_cap=40 kernel.core_pipe_limit=0 kernel.core_uses_pid=0
kernel.ctrl-alt-del=0 kernel.domainname=(none) kernel.ftrace_enabled=1 kernel.hung_task_timeout_secs=120
kernel.kexec_load_disabled=0 kernel.keys.maxkeys=200 kernel.modprobe=/sbin/modprobe kernel.modules_disabled=0
kernel.msgmax=8192 kernel.msgmnb=16384 kernel.msgmni=32000 kernel.ngroups_max=65536 kernel.nmi_watchdog=0
kernel.oops_limit=10000 kernel.overflowgid=65534 kernel.overflowuid=65534 kernel.panic=0 kernel.panic_on_oops=0
kernel.perf_event_paranoid=3 kernel.poweroff_cmd=/sbin/poweroff kernel.printk=4\t4\t1\t7 kernel.pty.max=4096
kernel.pty.nr=1 kernel.random.entropy_avail=256 kernel.random.poolsize=256
kernel.seccomp.actions_avail=kill_process\tkill_thread\ttrap\terrno\tuser_notif\ttrace\tlog\tallow
kernel.sem=32000\t1024000000\t500\t32000 kernel.shmall=18446744073692774399 kernel.shmmax=18446744073692774399
kernel.shmmni=4096 kernel.sysrq=438 kernel.tainted=0 kernel.threads-max=15418 kernel.unprivileged_bpf_disabled=2
kernel.unprivileged_userns_clone=1 kernel.watchdog=0 net.core.bpf_jit_enable=1 net.core.default_qdisc=pfifo_fast
net.core.netdev_max_backlog=1000 net.core.optmem_max=20480 net.core.rmem_default=212992 net.core.rmem_max=212992
net.core.wmem_default=212992 net.core.wmem_max=212992 net.ipv4.conf.all.accept_redirects=0
net.ipv4.conf.all.accept_source_route=0 net.ipv4.conf.all.forwarding=0 net.ipv4.conf.all.log_martians=0
net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.default.rp_filter=0
net.ipv4.icmp_echo_ignore_all=0 net.ipv4.icmp_echo_ignore_broadcasts=1 net.ipv4.ip_default_ttl=64
net.ipv4.ip_local_port_range=32768\t60999 net.ipv4.ip_nonlocal_bind=0 net.ipv4.neigh.default.gc_thresh1=128
net.ipv4.ping_group_range=0\t2147483647 net.ipv4.tcp_available_congestion_control=reno\tcubic
net.ipv4.tcp_fin_timeout=60 net.ipv4.tcp_keepalive_time=7200 net.ipv4.tcp_max_syn_backlog=128
net.ipv4.tcp_rmem=4096\t131072\t6291456 net.ipv4.tcp_sack=1 net.ipv4.tcp_syn_retries=6 net.ipv4.tcp_timestamps=1
net.ipv4.tcp_tw_reuse=2 net.ipv4.tcp_window_scaling=1 net.ipv4.tcp_wmem=4096\t16384\t4194304
net.ipv6.conf.all.accept_ra=1 net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.forwarding=0
net.ipv6.conf.default.disable_ipv6=0 vm.admin_reserve_kbytes=8192 vm.compaction_proactiveness=20
vm.dirty_background_ratio=10 vm.dirty_ratio=20 vm.dirty_writeback_centisecs=500 vm.drop_caches=0 vm.laptop_mode=0
vm.max_map_count=65530 vm.min_free_kbytes=45056 vm.mmap_min_addr=65536 vm.nr_hugepages=0 vm.oom_kill_allocating_task=0
vm.overcommit_memory=0 vm.overcommit_ratio=50 vm.panic_on_oom=0 vm.swappiness=60 vm.vfs_cache_pressure=100
vm.watermark_boost_factor=15000 vm.watermark_scale_factor=10 vm.zone_reclaim_mode=0
"""
_UUID = "/proc/sys/kernel/random/uuid"
"""Another one each time."""
_OF_INTERFACE = {
    "addr_assign_type": "0", "addr_len": "6", "broadcast": "ff:ff:ff:ff:ff:ff", "carrier": "1", "carrier_changes": "2",
    "carrier_down_count": "1", "carrier_up_count": "1", "dev_id": "0x0", "dev_port": "0", "dormant": "0",
    "duplex": "unknown", "flags": "0x1003", "gro_flush_timeout": "0", "ifalias": "", "ifindex": "2", "iflink": "2",
    "link_mode": "0", "name_assign_type": "4", "napi_defer_hard_irqs": "0", "netdev_group": "0", "phys_port_id": "",
    "phys_port_name": "", "phys_switch_id": "", "proto_down": "0", "speed": "-1", "testing": "0", "threaded": "0",
    "tx_queue_len": "1000", "type": "1", "uevent": "INTERFACE={name}\nIFINDEX={index}",
}  # fmt: skip
_LOOPBACK = {"broadcast": "00:00:00:00:00:00", "carrier_changes": "0", "carrier_down_count": "0", "flags": "0x9",
             "carrier_up_count": "0", "ifindex": "1", "iflink": "1", "name_assign_type": "0", "type": "772"
             }  # fmt: skip


class _Parts(NamedTuple):
    """What of a machine's hardware is named in the files: few machines differ in it."""

    cores: int
    interface: str
    disks: tuple[str, ...]


@cache
def _texts(hardware: _Parts) -> dict[str, str]:
    """Return path and text of all files."""
    found = dict(_TEXTS)
    for setting in _SYSCTLS.replace("\n", " ").split(" "):
        name, equals, value = setting.partition("=")
        if equals:
            found["/proc/sys/" + name.replace(".", "/")] = value + "\n"
    columns = "".join(f"{'CPU' + str(core):<11}" for core in range(hardware.cores))
    counts = "".join(f"{4021 + 173 * core:>10} " for core in range(hardware.cores))
    found["/proc/interrupts"] = (
        f"           {columns}\n  0:{counts}  IO-APIC   2-edge      timer\n  1:{counts}  IO-APIC   1-edge      i8042\n"
        f"  8:{counts}  IO-APIC   8-edge      rtc0\n 24:{counts}  PCI-MSI 49152-edge      virtio0-config\n"
        f"LOC:{counts}  Local timer interrupts\n"
    )
    found["/proc/softirqs"] = f"                    {columns}\n" + "".join(
        f"{name:>12}:{counts}\n" for name in ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "TASKLET", "SCHED", "RCU")
    )
    found["/proc/diskstats"] = "".join(
        f"{254:>4} {index:>7} {disk} 10421 2215 801334 6021 91233 44120 2381120 80122 0 51200 90210 0 0 0 0 3012 4066\n"
        for index, disk in enumerate(hardware.disks)
    )
    for core in range(hardware.cores):
        found[f"/sys/devices/system/cpu/cpu{core}/topology/core_id"] = f"{core}\n"
        found[f"/sys/devices/system/cpu/cpu{core}/online"] = "1\n"
    places = ("devices/virtual/net/lo", "1", _LOOPBACK), (f"class/net/{hardware.interface}", "2", dict[str, str]())
    for place, index, own in places:
        name = place.rpartition("/")[2]
        for key, value in (_OF_INTERFACE | own).items():
            found[f"/sys/{place}/{key}"] = value.format(name=name, index=index) + "\n"
        for key in ("power/control", "queues/rx-0/rps_cpus", "queues/tx-0/xps_cpus"):
            found[f"/sys/{place}/{key}"] = "auto\n" if key.startswith("power") else "0\n"
    return found


@cache
def _folders(hardware: _Parts) -> dict[str, set[str]]:
    """Return the names in each directory."""
    found: dict[str, set[str]] = {}
    for path in (*_texts(hardware), *_FOLDERS.split()):
        below = path
        while (above := dirname(below)) != "/":
            found.setdefault(above, set()).add(below[len(above) + 1 :])
            below = above
    for path in _FOLDERS.split():
        found.setdefault(path, set())
    return found


class KernelFiles:
    """What the kernel of one machine shows."""

    def __init__(self, machine: Machine) -> None:
        hardware = machine.persona.hardware
        disks = tuple(disk.device[5:] for disk in hardware.disks)
        self._hardware, self._booted = _Parts(hardware.cores, hardware.interface, disks), machine.booted

    def entry(self, path: str) -> Entry | None:
        if path == _UUID:
            return Entry("file", 0o444, mtime=self._booted, content=f"{uuid4()}\n".encode())
        text = _texts(self._hardware).get(path)
        if text is not None:
            mode = 0o644 if path.startswith(("/proc/sys/", "/sys/kernel/mm", "/sys/power")) else 0o444
            return Entry("file", mode, mtime=self._booted, content=text.encode())
        if path in _folders(self._hardware):
            return Entry("dir", 0o555, mtime=self._booted)
        return None

    def names(self, path: str) -> set[str]:
        below = {"uuid"} if path == dirname(_UUID) else set()
        return _folders(self._hardware).get(path, set()) | below
