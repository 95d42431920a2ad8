# SPDX-License-Identifier: MIT
"""Our own list of stack signatures, in p0f's notation.

Compiled from documented defaults (windows, scales, initial TTL), from the option order of public sources, and for Linux
and Nmap from captured traffic. A name that begins with `!` is a tool that builds its packets itself, whatever system it
runs on. General rows are in GENERAL: used only when no row matches exactly.
"""

SYN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Linux 4.20 or newer",  # initial window: the most whole segments below 64 KiB
        (
            "*:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1460:mss*44,10:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1460:mss*44,7:mss,nop,nop,sok,nop,ws:df,id+:0",
            "*:64:0:1460:mss*44,7:mss,nop,nop,ts,nop,ws:df,id+:0",
            "*:64:0:1452:mss*45,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1440:mss*45,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1440:mss*45,10:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1440:mss*45,7:mss,nop,nop,sok,nop,ws:df,id+:0",
            "*:64:0:1440:mss*45,7:mss,nop,nop,ts,nop,ws:df,id+:0",
            "*:64:0:1432:mss*45,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1400:mss*46,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1380:mss*47,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1360:mss*48,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1240:mss*52,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:1220:mss*53,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:8960:mss*7,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:8940:mss*7,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:65495:mss*1,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:65476:mss*1,7:mss,sok,ts,nop,ws:df,id+:0",
        ),
    ),
    (
        "Linux 3.x or 4.x",
        (
            "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*10,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*10,6:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*10,5:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*10,4:mss,sok,ts,nop,ws:df,id+:0",
        ),
    ),
    (
        "Linux 2.6",
        (
            "*:64:0:*:mss*4,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*4,6:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*4,5:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*4,2:mss,sok,ts,nop,ws:df,id+:0",
        ),
    ),
    ("Linux 2.4", ("*:64:0:*:mss*4,0:mss,sok,ts,nop,ws:df,id+:0",)),
    (
        "Android",
        (
            "*:64:0:*:65535,9:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:65535,8:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*44,9:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:mss*44,8:mss,sok,ts,nop,ws:df,id+:0",
        ),
    ),
    (
        "Windows 10 or 11",
        (
            "*:128:0:*:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:mss*45,8:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0",
        ),
    ),
    (
        "Windows Vista to 8.1",
        (
            "*:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:8192,2:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:8192,8:mss,nop,ws,sok,ts:df,id+:0",
            "*:128:0:*:8192,2:mss,nop,ws,sok,ts:df,id+:0",
        ),
    ),
    (
        "Windows 2000 or XP",
        (
            "*:128:0:*:65535,0:mss,nop,nop,sok:df,id+:0",
            "*:128:0:*:mss*44,0:mss,nop,nop,sok:df,id+:0",
            "*:128:0:*:16384,0:mss,nop,nop,sok:df,id+:0",
        ),
    ),
    (
        "macOS or iOS",
        (
            "*:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0",
            "*:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
            "*:64:0:*:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
            "*:64:0:*:65535,3:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
            "*:64:0:*:65535,7:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0",
        ),
    ),
    ("FreeBSD", ("*:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+:0", "*:64:0:*:65535,3:mss,nop,ws,sok,ts:df,id+:0")),
    (
        "OpenBSD",
        (
            "*:64:0:*:16384,6:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",
            "*:64:0:*:16384,3:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",
        ),
    ),
    (
        "NetBSD",
        (
            "*:64:0:*:32768,3:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,id+:0",
            "*:64:0:*:32768,0:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,id+:0",
        ),
    ),
    ("Cisco IOS", ("4:255:0:*:4128,0:mss::0",)),
    (
        "!Nmap SYN scan",  # random TTL of at most 64
        (
            "*:64-:0:1460:1024,0:mss::0",
            "*:64-:0:1460:2048,0:mss::0",
            "*:64-:0:1460:3072,0:mss::0",
            "*:64-:0:1460:4096,0:mss::0",
            "6:64-:0:1440:1024,0:mss::0",
        ),
    ),
    (
        "!Nmap OS detection",  # nmap.org/book/osdetect-methods.html: six in a row, to a closed port, with ECN
        (
            "4:64-:0:1460:1,10:ws,nop,mss,ts,sok::0",
            "4:64-:0:1460:1,10:ws,nop,mss,ts,sok:ack+:0",
            "4:64-:0:1400:63,0:mss,ws,sok,ts,eol+0::0",
            "4:64-:0:1400:63,0:mss,ws,sok,ts,eol+0:ack+:0",
            "4:64-:0:640:4,5:ts,nop,nop,ws,nop,mss::0",
            "4:64-:0:640:4,5:ts,nop,nop,ws,nop,mss:ack+:0",
            "4:64-:0:0:4,10:sok,ts,ws,eol+0::0",
            "4:64-:0:0:4,10:sok,ts,ws,eol+0:ack+:0",
            "4:64-:0:536:16,10:mss,sok,ts,ws,eol+0::0",
            "4:64-:0:536:16,10:mss,sok,ts,ws,eol+0:ack+:0",
            "4:64-:0:265:512,0:mss,sok,ts::0",
            "4:64-:0:265:512,0:mss,sok,ts:ack+:0",
            "4:64-:0:265:31337,10:ws,nop,mss,ts,sok::0",
            "4:64-:0:265:31337,10:ws,nop,mss,ts,sok:ack+:0",
            "4:64-:0:1460:3,10:ws,nop,mss,sok,nop,nop:ecn,uptr+:0",
        ),
    ),
    ("!ZMap", ("4:255:0:0:65535,0:::0", "4:255:0:1460:65535,0:mss::0")),
    ("!Masscan", ("4:255:0:0:1024,0:::0", "4:255:0:1460:1024,0:mss::0")),
    ("!Scapy", ("4:64:0:0:8192,0::seq-:0", "4:64:0:0:8192,0:::0")),  # its default sequence number is 0
    ("!hping3", ("4:64:0:0:512,0:::0", "4:64:0:0:512,0::ack+:0")),  # its acknowledgement number is random
)
"""Of a client's SYN: name, signatures."""

SYN_ACK: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Linux 4.20 or newer",
        (
            "*:64:0:*:mss*45,7:mss,sok,ts,nop,ws:df:0",
            "*:64:0:*:mss*45,8:mss,sok,ts,nop,ws:df:0",
            "*:64:0:*:mss*45,10:mss,sok,ts,nop,ws:df:0",
            "6:64:0:1440:mss*45,7:mss,nop,nop,sok,nop,ws:flow:0",
            "6:64:0:1440:mss*45,0:mss:flow:0",
            "*:64:0:*:mss*44,7:mss,nop,nop,sok,nop,ws:df:0",
            "*:64:0:*:mss*45,7:mss,nop,nop,ts,nop,ws:df:0",
            "*:64:0:*:mss*44,7:mss,nop,ws:df:0",
            "*:64:0:*:mss*44,0:mss,nop,nop,sok:df:0",
            "*:64:0:*:mss*45,0:mss,sok,ts:df:0",
            "*:64:0:*:mss*44,0:mss:df:0",
        ),
    ),
    (
        "Linux 3.x or 4.x",
        (
            "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df:0",
            "*:64:0:*:mss*20,7:mss,nop,nop,sok,nop,ws:df:0",
            "*:64:0:*:mss*10,7:mss,sok,ts,nop,ws:df:0",
            "*:64:0:*:mss*10,6:mss,sok,ts,nop,ws:df:0",
            "*:64:0:*:mss*10,7:mss,nop,nop,sok,nop,ws:df:0",
            "*:64:0:*:mss*20,0:mss:df:0",
            "*:64:0:*:mss*10,0:mss:df:0",
        ),
    ),
    (
        "Linux 2.6",
        ("*:64:0:*:mss*4,7:mss,sok,ts,nop,ws:df:0", "*:64:0:*:mss*4,2:mss,sok,ts,nop,ws:df:0"),
    ),
    ("Linux 2.4 to 3.x", ("*:64:0:*:mss*4,0:mss,nop,nop,sok:df:0",)),
    (
        "Windows 10, 11 or Server 2016 or newer",
        (
            "*:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:65535,8:mss,nop,ws,sok,ts:df,id+:0",
            "*:128:0:*:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
        ),
    ),
    (
        "Windows Vista to 8.1",
        (
            "*:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
            "*:128:0:*:8192,8:mss,nop,ws,sok,ts:df,id+:0",
            "*:128:0:*:8192,0:mss,nop,nop,sok:df,id+:0",
        ),
    ),
    (
        "macOS or iOS",
        (
            "*:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0",
            "*:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0",
        ),
    ),
    ("FreeBSD", ("*:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+:0",)),
    (
        "OpenBSD",
        (
            "*:64:0:*:16384,6:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",
            "*:64:0:*:16384,3:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",
        ),
    ),
    ("Cisco IOS", ("4:255:0:*:4128,0:mss::0",)),
)
"""Of a server's SYN+ACK. Many depend on the options of the SYN."""

GENERAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Linux",
        (
            "*:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0",
            "*:64:0:*:*,*:mss,nop,nop,ts,nop,ws:df,id+:0",
            "*:64:0:*:*,*:mss,nop,nop,sok,nop,ws:df,id+:0",
            "*:64:0:*:*,0:mss,sok,ts:df,id+:0",
        ),
    ),
    ("Windows", ("*:128:0:*:*,*:mss,nop,ws,nop,nop,sok:df,id+:0", "*:128:0:*:*,0:mss,nop,nop,sok:df,id+:0")),
    ("macOS or iOS", ("*:64:0:*:*,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",)),
    ("FreeBSD", ("*:64:0:*:*,*:mss,nop,ws,sok,ts:df,id+:0",)),
    ("OpenBSD", ("*:64:0:*:*,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",)),
)
"""Of both, for when nothing above fits."""
