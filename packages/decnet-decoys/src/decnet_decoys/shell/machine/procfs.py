# SPDX-License-Identifier: MIT
"""The content of /proc on a persona's machine (proc(5)): attackers look at processor and memory first."""

from decnet_decoys.personas.schema import LOOPBACK_TRAFFIC, Hardware, Persona
from decnet_decoys.shell.machine.distribution import mounts

FLAGS = (
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht "
    "syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology cpuid pni pclmulqdq ssse3 fma cx16 sse4_1 "
    "sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm avx2"
)
"""What the processors can do, as /proc/cpuinfo and lscpu say."""
_NAS_FILE_SYSTEMS = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n\tvfat\n"
_CPU_TIMES = "1284410 3318 611204 391084513 58123 0 21984 0 0 0"


def proc(persona: Persona, hostname: str) -> dict[str, str]:
    """Return path and text of the files."""
    hardware = persona.hardware
    processor = _arm if persona.machine == "aarch64" else _x86
    files = {
        "/proc/cpuinfo": "".join(processor(core, hardware) for core in range(hardware.cores)),
        "/proc/version": _version(persona),
        "/proc/meminfo": _meminfo(hardware),
        "/proc/mounts": _mounts(persona),
        "/proc/loadavg": f"0.08 0.03 0.01 1/{len(persona.processes) + 84} 28417\n",
        **({} if persona.family == "debian" else {"/proc/filesystems": _NAS_FILE_SYSTEMS}),
        "/proc/uptime": "",
        "/proc/cmdline": f"BOOT_IMAGE=/boot/vmlinuz-{persona.kernel} root={hardware.disks[0].device} ro quiet\n",
        "/proc/stat": "".join(f"{cpu} {_CPU_TIMES}\n" for cpu in ("cpu", *(f"cpu{n}" for n in range(hardware.cores)))),
        "/proc/partitions": _partitions(hardware),
        "/proc/net/tcp": _sockets(persona),
        "/proc/sys/kernel/hostname": f"{hostname}\n",
        "/proc/sys/kernel/osrelease": f"{persona.kernel}\n",
        "/proc/net/dev": _net_dev(hardware),
    }
    files |= _self(persona)
    for process in persona.processes:
        files[f"/proc/{process.pid}/cmdline"] = process.command.replace(" ", "\0")
    return files


def _self(persona: Persona) -> dict[str, str]:
    """The files of /proc/self, as `cat` finds them."""
    where = "user.slice/user-0.slice/session-4.scope" if persona.family == "debian" else ""
    return {
        "/proc/self/mounts": _mounts(persona),
        "/proc/self/mountinfo": _mount_info(persona),
        "/proc/self/cgroup": f"0::/{where}\n",
        "/proc/self/cmdline": "cat\0/proc/self/cmdline\0",
        "/proc/self/comm": "cat\n",
        "/proc/self/status": "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t28417\nNgid:\t0\nPid:\t28417\n"
        "PPid:\t28409\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t256\nGroups:\t0 \n" + _STATUS,
        "/proc/1/cgroup": "0::/init.scope\n" if persona.family == "debian" else "0::/\n",
        "/proc/1/comm": "systemd\n" if persona.family == "debian" else "init\n",
    }


_STATUS = (
    "NStgid:\t28417\nNSpid:\t28417\nNSpgid:\t28417\nNSsid:\t28409\nVmPeak:\t    5460 kB\nVmSize:\t    5460 kB\n"
    "VmLck:\t       0 kB\nVmPin:\t       0 kB\nVmHWM:\t    1664 kB\nVmRSS:\t    1664 kB\nRssAnon:\t      88 kB\n"
    "RssFile:\t    1576 kB\nRssShmem:\t       0 kB\nVmData:\t     360 kB\nVmStk:\t     132 kB\nVmExe:\t      20 kB\n"
    "VmLib:\t    1528 kB\nVmPTE:\t      48 kB\nVmSwap:\t       0 kB\nHugetlbPages:\t       0 kB\nCoreDumping:\t0\n"
    "THP_enabled:\t1\nThreads:\t1\nSigQ:\t0/7699\n"
    + "".join(f"{name}:\t{0:016x}\n" for name in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh"))
    + "".join(f"{name}:\t{(1 << 41) - 1:016x}\n" for name in ("CapPrm", "CapEff", "CapBnd"))
    + f"CapAmb:\t{0:016x}\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"
    "Speculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\n"
    "Cpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
    "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n"
)


def _partitions(hardware: Hardware) -> str:
    rows = [f"{8:>4} {index:>8} {disk.size:>10} {disk.device[5:]}\n" for index, disk in enumerate(hardware.disks)]
    return "major minor  #blocks  name\n\n" + "".join(rows)


def _sockets(persona: Persona) -> str:
    """Return the listening sockets as /proc/net/tcp has them: addresses in hexadecimal, in the processor's order."""
    rows = ["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"]
    listening = [socket for socket in persona.listeners if socket.protocol == "tcp"]
    for index, socket in enumerate(listening):
        address = "".join(f"{int(part):02X}" for part in reversed(socket.address.split(".")))
        here = f"{address}:{socket.port:04X}"
        inode = 18_000 + 211 * index
        rows.append(
            f"{index:4}: {here} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 {inode} "
            "1 0000000000000000 100 0 0 10 0"
        )
    return "\n".join(row.ljust(149) for row in rows) + "\n"


def _version(persona: Persona) -> str:
    compiler = "aarch64-linux-gnu-gcc" if persona.machine == "aarch64" else "gcc"
    by = f"(build@{persona.family}) ({compiler} 12.2.0)"
    if "Ubuntu" in persona.os:
        by = (
            "(buildd@lcy02-amd64-080) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, "
            "GNU ld (GNU Binutils for Ubuntu) 2.38)"
        )
    elif persona.family == "debian":
        by = (
            "(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)"
        )
    return f"Linux version {persona.kernel} {by} {persona.kernel_build}\n"


def _meminfo(hardware: Hardware) -> str:
    left = hardware.memory_kib - hardware.used_kib
    used, cached = hardware.used_kib, left // 2
    active = cached * 2 // 3
    rows = {
        "MemTotal": hardware.memory_kib, "MemFree": left * 2 // 5, "MemAvailable": left * 9 // 10,
        "Buffers": left // 16, "Cached": cached, "SwapCached": 0,
        "Active": active + 2312, "Inactive": cached - active + used * 3 // 5,
        "Active(anon)": 2312, "Inactive(anon)": used * 3 // 5, "Active(file)": active,
        "Inactive(file)": cached - active, "Unevictable": 0, "Mlocked": 0, "SwapTotal": 0, "SwapFree": 0,
        "Zswap": 0, "Zswapped": 0, "Dirty": 48,
        "Writeback": 0, "AnonPages": used * 3 // 5 - 1204, "Mapped": used // 4, "Shmem": 31_452,
        "KReclaimable": left // 40, "Slab": left // 40 + used // 12, "SReclaimable": left // 40,
        "SUnreclaim": used // 12, "KernelStack": 2304, "PageTables": used // 90, "NFS_Unstable": 0, "Bounce": 0,
        "WritebackTmp": 0, "CommitLimit": hardware.memory_kib // 2, "Committed_AS": used * 2,
        "VmallocTotal": 34_359_738_367, "VmallocUsed": 11_264, "VmallocChunk": 0,
        "Percpu": 412 * hardware.cores, "HardwareCorrupted": 0, "AnonHugePages": 0, "ShmemHugePages": 0,
        "ShmemPmdMapped": 0, "FileHugePages": 0, "FilePmdMapped": 0, **dict.fromkeys(_HUGE_PAGES, 0),
        "Hugepagesize": 2048, "Hugetlb": 0, "DirectMap4k": 120_684, "DirectMap2M": hardware.memory_kib // 2048 * 2048,
    }  # fmt: skip
    return "".join(f"{name + ':':<16}{size:>8}{'' if name in _HUGE_PAGES else ' kB'}\n" for name, size in rows.items())


_HUGE_PAGES = ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")


def _mount_info(persona: Persona) -> str:
    """Return the text of /proc/self/mountinfo (proc(5))."""
    lines = []
    for number, (device, point, kind, options) in enumerate(mounts(persona), 21):
        major = "254:1" if device.startswith("/dev/vda1") else f"0:{number}"
        parent = 1 if point == "/" else 21
        shown = options.partition(",")[0]
        lines.append(f"{number} {parent} {major} / {point} {options} shared:{number - 20} - {kind} {device} {shown}\n")
    return "".join(lines)


def _mounts(persona: Persona) -> str:
    return "".join(" ".join(mount) + " 0 0\n" for mount in mounts(persona))


def _net_dev(hardware: Hardware) -> str:
    traffic, lo = hardware.traffic, LOOPBACK_TRAFFIC
    return (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|"
        "bytes    packets errs drop fifo colls carrier compressed\n"
        f"    lo: {lo.received_bytes}  {lo.received_packets}    0    0    0     0          0         0 "
        f"{lo.sent_bytes}  {lo.sent_packets}    0    0    0     0       0          0\n"
        f"{hardware.interface:>6}: {traffic.received_bytes} {traffic.received_packets}    0   12    0     0          0 "
        f"        0 {traffic.sent_bytes} {traffic.sent_packets}    0    0    0     0       0          0\n"
    )


def _arm(core: int, _hardware: Hardware) -> str:
    return (
        f"processor\t: {core}\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\n"
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd03\nCPU revision\t: 4\n\n"
    )


def _x86(core: int, hardware: Hardware) -> str:
    amd = "AMD" in hardware.cpu
    rows = {
        "processor\t": core,
        "vendor_id\t": "AuthenticAMD" if amd else "GenuineIntel",
        "cpu family\t": 23 if amd else 6,
        "model\t\t": 49 if amd else 79,
        "model name\t": hardware.cpu,
        "stepping\t": 0 if amd else 1,
        "cpu MHz\t\t": f"{hardware.mhz:.3f}",
        "cache size\t": "512 KB" if amd else "16384 KB",
        "physical id\t": 0,
        "siblings\t": hardware.cores,
        "core id\t\t": core,
        "cpu cores\t": hardware.cores,
        "fpu\t\t": "yes",
        "wp\t\t": "yes",
        "flags\t\t": FLAGS,
        "bogomips\t": f"{hardware.mhz * 2:.2f}",
        "address sizes\t": "46 bits physical, 48 bits virtual",
    }
    return "".join(f"{name}: {value}\n" for name, value in rows.items()) + "power management:\n\n"
