# SPDX-License-Identifier: MIT
"""What lscpu shows of the processors."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import UsageError, options
from decnet_decoys.shell.machine.procfs import FLAGS
from decnet_decoys.shell.programs import command

MAX_COLUMNS = 40
"""Columns that are read of a list."""
_LSCPU = {"all": "a", "online": "b", "bytes": "B", "caches": "C?", "offline": "c", "json": "J", "extended": "e?",
          "parse": "p?", "sysroot": "s:", "hex": "x", "physical": "y", "output-all": "output-all", "help": "h",
          "version": "V"}  # fmt: skip


@command("lscpu")
def lscpu(call: Call) -> int:
    """Show the processors: what they are, or with -e and -p each of them."""
    found = options(call, "abBC::cJe::p::s:xyhV", _LSCPU)
    persona = call.shell.machine.persona
    hardware = persona.hardware
    if "p" in found:
        return _parsable(call, found.last("p").lstrip("="))
    if "e" in found:
        call.print("CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE")
        for core in range(hardware.cores):
            call.print(f"{core:>3}    0      0 {core:>4} {f'{core}:{core}:{core}:0':<13} {'yes':>6}")
        return 0
    vendor = "AuthenticAMD" if "AMD" in hardware.cpu else "ARM" if "ARM" in hardware.cpu else "GenuineIntel"
    numbers = f"0-{hardware.cores - 1}" if hardware.cores > 1 else "0"
    cores, x86 = hardware.cores, persona.machine == "x86_64"
    instances = f"({cores} instance{'s' if cores > 1 else ''})"
    rows = [
        ("Architecture", persona.machine), *([("  CPU op-mode(s)", "32-bit, 64-bit"),
        ("  Address sizes", "46 bits physical, 48 bits virtual")] if x86 else []), ("  Byte Order", "Little Endian"),
        ("CPU(s)", str(cores)), ("  On-line CPU(s) list", numbers), ("Vendor ID", vendor),
        ("  Model name", hardware.cpu),
        *([("    CPU family", "23" if "AMD" in hardware.cpu else "6"),
        ("    Model", "49" if "AMD" in hardware.cpu else "79")] if x86 else []),
        ("    Thread(s) per core", "1"), ("    Core(s) per socket", str(cores)), ("    Socket(s)", "1"),
        ("    Stepping", "1"), ("    BogoMIPS", f"{hardware.mhz * 2:.2f}"), *([("    Flags", FLAGS),
        ("Virtualization features", ""), ("  Hypervisor vendor", "KVM"), ("  Virtualization type", "full"),
        ("Caches (sum of all)", ""), ("  L1d", f"{32 * cores} KiB {instances}"),
        ("  L1i", f"{32 * cores} KiB {instances}"),
        ("  L2", f"{4 * cores} MiB {instances}"), ("  L3", "16 MiB (1 instance)")] if x86 else []), ("NUMA", ""),
        ("  NUMA node(s)", "1"), ("  NUMA node0 CPU(s)", numbers), ("Vulnerabilities", ""),
        *((f"  {name}", state) for name, state in _VULNERABILITIES),
    ]  # fmt: skip
    plain = call.tty is False
    shown = [(_plain(name) if plain else name, value) for name, value in rows if value or not plain]
    if "J" in found:
        parts = ",".join(
            f'{{\n         "field": "{name}:",\n         "data": "{value}"\n      }}' for name, value in shown
        )
        call.print(f'{{\n   "lscpu": [\n      {parts}\n   ]\n}}')
        return 0
    width = max(len(name) for name, _ in shown) + 2
    for name, value in shown:
        call.print(f"{name + ':':<{width}}{value}".rstrip())
    return 0


_COLUMNS = {
    "CPU": "{0}", "Core": "{0}", "Socket": "0", "Cluster": "", "Node": "0", "Book": "", "Drawer": "",
    "Polarization": "", "Address": "", "Configured": "", "Online": "Y", "L1d": "{0}", "L1i": "{0}", "L2": "{0}",
    "L3": "0", "MaxMHz": "", "MinMHz": "",
}  # fmt: skip
"""Columns of `lscpu -p`, with what stands in that of a processor of some number."""


def _parsable(call: Call, asked: str) -> int:
    """List the processors in the columns that are asked for, or in those that there always were; raises UsageError."""
    names = {name.lower(): name for name in _COLUMNS}
    caches = ["", "L1d", "L1i", "L2", "L3"]
    shown = ["CPU", "Core", "Socket", "Node", *caches]
    if asked:
        wanted = asked.split(",")[:MAX_COLUMNS]
        unknown = next((name for name in wanted if name.lower() not in (*names, "cache")), None)
        if unknown is not None:
            raise UsageError(f"unknown column: {unknown[:64]}")
        shown = [one for name in wanted for one in (caches if name.lower() == "cache" else [names[name.lower()]])]
    call.print(
        "# The following is the parsable format, which can be fed to other\n# programs. Each different item in "
        f"every column has an unique ID\n# starting usually from zero.\n# {','.join(shown)}"
    )
    for number in range(call.shell.machine.persona.hardware.cores):
        call.print(",".join(_COLUMNS.get(name, "").format(number) for name in shown))
    return 0


_CLEARED = "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown"
_VULNERABILITIES = (
    ("Gather data sampling", "Not affected"), ("Indirect target selection", "Not affected"),
    ("Itlb multihit", "KVM: Mitigation: VMX unsupported"),
    ("L1tf", "Mitigation; PTE Inversion"), ("Mds", _CLEARED), ("Meltdown", "Mitigation; PTI"),
    ("Mmio stale data", _CLEARED), ("Reg file data sampling", "Not affected"), ("Retbleed", "Not affected"),
    ("Spec rstack overflow", "Not affected"), ("Spec store bypass", "Vulnerable"),
    ("Spectre v1", "Mitigation; usercopy/swapgs barriers and __user pointer sanitization"),
    ("Spectre v2", "Mitigation; Retpolines; STIBP disabled; RSB filling; PBRSB-eIBRS Not affected; BHI Retpoline"),
    ("Srbds", "Not affected"), ("Tsx async abort", _CLEARED),
)  # fmt: skip


def _plain(name: str) -> str:
    """Return the name of a row as it is written where no terminal shows the groups."""
    bare = name.strip()
    if bare in ("L1d", "L1i", "L2", "L3"):
        return f"{bare} cache"
    return f"Vulnerability {bare}" if bare in dict(_VULNERABILITIES) else bare
