# SPDX-License-Identifier: MIT
"""How many packets a second one core of `sniff` takes, beside other readers of the same files, and its memory.

`python benchmarks/sniff.py [--flows N] [--seconds S] [--only-memory]`. Two captures are built, the same each time:
`bulk`, in which few packets begin anything, and `handshakes`, in which nearly all do (TLS with hellos of one and two
segments, SSH, HTTP, a scan; IPv4 and IPv6; 20,000 clients). Each is read with the filter emulated, as `decnet-sniff
read` does; seconds are those of the processor. dpkt and scapy only parse; tshark and p0f are run as they are. What is
not installed is passed over. Memory is that of a process that has imported what the worker has, gives back what its
start left as a worker does, and replays `handshakes` in a loop, with time going on: for an hour, `--seconds 3600`. As
root, the ring is measured beside recvmsg(2) on the loopback interface.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sniff_captures import bulk, busy, write

HERE = Path(__file__).parent
AIMS = {"bulk": 200_000, "handshakes": 70_000}
AIM_MIB = 25.0
START = 1_700_000_000 * 10**9
LINUX = bytes.fromhex("020405b40402080a00000001000000000103030a")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=4000, help="connections in each capture")
    parser.add_argument("--seconds", type=float, default=30, help="how long memory is looked at")
    parser.add_argument("--only-memory", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        files = {name: Path(directory) / f"{name}.pcap" for name in AIMS}
        counts = {
            "bulk": write(files["bulk"], bulk(asked.flows // 4)),
            "handshakes": write(files["handshakes"], busy(asked.flows)),
        }
        if not asked.only_memory:
            for name, file in files.items():
                compare(name, file, counts[name])
            live()
        memory(files["handshakes"], asked.seconds)


def compare(name: str, file: Path, packets: int) -> None:
    """Print the rates of all readers for one file."""
    print(f"{name}: {packets:,} packets, {file.stat().st_size / 1e6:.0f} MB")
    own = packets / timed(lambda: sniff(file))
    print(f"  sniff       {own:>10,.0f}/s   aim {AIMS[name]:,}: {'reached' if own >= AIMS[name] else 'MISSED'}")
    for other, work in readers(file):
        if work is None:
            print(f"  {other:<11} not here")
            continue
        rate = packets / timed(work)
        print(f"  {other:<11} {rate:>10,.0f}/s   sniff is {own / rate:.1f} times as fast")


def readers(file: Path) -> Iterator[tuple[str, Callable[[], object] | None]]:
    """Yield the other readers, None where one is not installed."""
    yield "dpkt", (lambda: parse_dpkt(file)) if importlib.util.find_spec("dpkt") else None
    yield "scapy", (lambda: parse_scapy(file)) if importlib.util.find_spec("scapy") else None
    for program, arguments in (("tshark", ["-q", "-n", "-r"]), ("p0f", ["-r"])):
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
        yield program, (lambda run=[found, *arguments, str(file)]: command(run)) if found else None  # type: ignore[misc]  # bound now


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds of processor it takes, here and in programs that it runs: others may be busy too."""
    begun = processor()
    work()
    return max(1e-9, processor() - begun)


def processor() -> float:
    """Return the seconds of processor that we and what we ran have used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def sniff(file: Path) -> None:
    """Read the file as `decnet-sniff read` does."""
    from decnet_sniff.sniff.capture.file_filter import FileFilter
    from decnet_sniff.sniff.capture.pcap import batches
    from decnet_sniff.sniff.packets.link import ETHERNET
    from decnet_sniff.sniff.settings import SniffSettings
    from decnet_sniff.sniff.worker import observer_of

    observer, accept = observer_of(SniffSettings()), FileFilter(ETHERNET)
    with file.open("rb") as source:
        for batch in batches(source):
            observer.take(batch, accept)
            for _ in observer.due(batch.records[-1][0]):
                pass
    for _ in observer.rest():
        pass


def parse_dpkt(file: Path) -> None:
    """Only parse: Ethernet, IP, TCP."""
    import dpkt  # type: ignore[import-not-found]  # not a dependency

    with file.open("rb") as source:
        for _, data in dpkt.pcap.Reader(source):
            dpkt.ethernet.Ethernet(data)


def parse_scapy(file: Path) -> None:
    """Only parse: the same, which scapy does only with its layers loaded."""
    from scapy.utils import PcapReader  # not a dependency

    for layers in ("l2", "inet", "inet6"):
        importlib.import_module(f"scapy.layers.{layers}")

    for packet in PcapReader(str(file)):
        packet.haslayer("TCP")


def command(run: list[str]) -> None:
    """Run a tool to its end."""
    subprocess.run(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False)


def memory(file: Path, seconds: float) -> None:
    """Replay in a process of its own, which imports no more than the worker does, and print its memory."""
    run = [sys.executable, "-c", "import sniff_replay; sniff_replay.replay()", str(file), str(seconds), str(AIM_MIB)]
    reported = subprocess.run(run, capture_output=True, text=True, check=True, timeout=seconds + 600, cwd=HERE).stdout
    print(reported, end="")


def live(count: int = 20_000) -> None:
    """Print what it costs to get a packet with its time out of the kernel."""
    if os.geteuid() != 0:
        print("live: only as root")
        return
    for name, receive in (("ring", by_ring), ("recvmsg", by_recvmsg)):
        seen, spent = receive(count)
        print(f"live, {name:<8} {spent / seen * 1e6:>8.2f} µs of processor per packet")


def send(count: int) -> None:
    """Send datagrams to ourselves."""
    with socket.socket(type=socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        for _ in range(count):
            sender.sendto(bytes(200), sink.getsockname())


def by_ring(count: int) -> tuple[int, float]:
    """Return packets and seconds for the worker's way."""
    from decnet_sniff.sniff.capture.packet_socket import PacketSocket

    capture = PacketSocket("lo", (), promiscuous=False, ring_kib=16_384)
    send(count)
    time.sleep(0.3)
    begun, seen = time.process_time(), 0
    for batch in capture.read():
        seen += len(batch.records)
    spent = time.process_time() - begun
    capture.close()
    return max(1, seen), spent


def by_recvmsg(count: int) -> tuple[int, float]:
    """Return the same for one system call per packet, with SO_TIMESTAMPNS."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        packets.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        packets.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        packets.bind(("lo", 3))
        packets.setblocking(False)
        send(count)
        begun, seen = time.process_time(), 0
        while True:
            try:
                packets.recvmsg(65_536, 64)
            except BlockingIOError:
                break
            seen += 1
        return max(1, seen), time.process_time() - begun


if __name__ == "__main__":
    main()
