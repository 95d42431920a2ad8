# SPDX-License-Identifier: MIT
"""Guesses the tool of a client from the name it announces.

That name is the SSH software version (RFC 4253 §4.2) or the user agent (RFC 9110 §10.1.5). It is searched for literal
text, never with a pattern that an attacker could make slow. The first matching row wins, so specific rows come before
general ones. A client may lie: this is a guess, and the score gives it little weight.
"""

from functools import lru_cache

import msgspec

SCANNER = "scanner"
SURVEY = "survey"
BRUTE_FORCE = "brute force"
EXPLOITATION = "exploitation"
BOTNET = "botnet"
LIBRARY = "library"
CLIENT = "client"

PURPOSES = (SCANNER, SURVEY, BRUTE_FORCE, EXPLOITATION, BOTNET, LIBRARY, CLIENT)


class Tool(msgspec.Struct, frozen=True):
    """A known tool and its purpose (one of PURPOSES)."""

    name: str
    purpose: str


SSH: tuple[tuple[str, str, str], ...] = (
    ("nmap", "Nmap", SCANNER),
    ("zgrab", "ZGrab", SURVEY),
    ("medusa", "Medusa", BRUTE_FORCE),
    ("hydra", "Hydra", BRUTE_FORCE),
    ("ncrack", "Ncrack", BRUTE_FORCE),
    ("libssh2", "libssh2", LIBRARY),
    ("libssh", "libssh", LIBRARY),
    ("paramiko", "Paramiko", LIBRARY),
    ("asyncssh", "AsyncSSH", LIBRARY),
    ("thrussh", "Thrussh", LIBRARY),
    ("russh", "russh", LIBRARY),
    ("jsch", "JSch", LIBRARY),
    ("trilead", "Trilead SSH", LIBRARY),
    ("ganymed", "Ganymed SSH", LIBRARY),
    ("sshj", "sshj", LIBRARY),
    ("renci.sshnet", "SSH.NET", LIBRARY),
    ("phpseclib", "phpseclib", LIBRARY),
    ("ruby/net::ssh", "Net::SSH", LIBRARY),
    ("ssh2js", "ssh2 for Node.js", LIBRARY),
    ("putty", "PuTTY", CLIENT),
    ("winscp", "WinSCP", CLIENT),
    ("filezilla", "FileZilla", CLIENT),
    ("flowssh", "Bitvise", CLIENT),
    ("dropbear", "Dropbear", CLIENT),
    ("openssh", "OpenSSH", CLIENT),
    ("ssh-2.0-go", "Go x/crypto/ssh", LIBRARY),
)
"""Part of the software version in lower case, tool, purpose."""

USER_AGENTS: tuple[tuple[str, str, str], ...] = (
    ("sqlmap/", "sqlmap", EXPLOITATION),
    ("commix/", "commix", EXPLOITATION),
    ("metasploit", "Metasploit", EXPLOITATION),
    ("hello, world", "Mirai-like loader", BOTNET),
    ("(hydra)", "Hydra", BRUTE_FORCE),
    ("nmap scripting engine", "Nmap", SCANNER),
    ("masscan", "masscan", SCANNER),
    ("nuclei", "Nuclei", SCANNER),
    ("nikto", "Nikto", SCANNER),
    ("gobuster", "Gobuster", SCANNER),
    ("feroxbuster", "feroxbuster", SCANNER),
    ("dirbuster", "DirBuster", SCANNER),
    ("fuzz faster u fool", "ffuf", SCANNER),
    ("wfuzz", "Wfuzz", SCANNER),
    ("wpscan", "WPScan", SCANNER),
    ("whatweb", "WhatWeb", SCANNER),
    ("arachni", "Arachni", SCANNER),
    ("acunetix", "Acunetix", SCANNER),
    ("nessus", "Nessus", SCANNER),
    ("openvas", "OpenVAS", SCANNER),
    ("w3af", "w3af", SCANNER),
    ("jorgee", "Jorgee", SCANNER),
    ("zmeu", "ZmEu", SCANNER),
    ("l9explore", "LeakIX l9explore", SCANNER),
    ("l9tcpid", "LeakIX l9tcpid", SCANNER),
    ("httpx - open-source project", "ProjectDiscovery httpx", SCANNER),
    ("zgrab", "ZGrab", SURVEY),
    ("censysinspect", "Censys", SURVEY),
    ("expanse, a palo alto", "Cortex Xpanse", SURVEY),
    ("internetmeasurement", "InternetMeasurement", SURVEY),
    ("shadowserver", "Shadowserver", SURVEY),
    ("headlesschrome", "Headless Chrome", CLIENT),
    ("scrapy/", "Scrapy", LIBRARY),
    ("python-requests/", "Requests", LIBRARY),
    ("python-httpx/", "HTTPX", LIBRARY),
    ("python-urllib/", "urllib", LIBRARY),
    ("aiohttp/", "aiohttp", LIBRARY),
    ("go-http-client/", "Go net/http", LIBRARY),
    ("fasthttp", "fasthttp", LIBRARY),
    ("okhttp/", "OkHttp", LIBRARY),
    ("apache-httpclient/", "Apache HttpClient", LIBRARY),
    ("libwww-perl/", "libwww-perl", LIBRARY),
    ("guzzlehttp/", "Guzzle", LIBRARY),
    ("node-fetch", "node-fetch", LIBRARY),
    ("axios/", "axios", LIBRARY),
    ("java/", "Java", LIBRARY),
    ("windowspowershell/", "PowerShell", CLIENT),
    ("postmanruntime/", "Postman", CLIENT),
    ("wget/", "Wget", CLIENT),
    ("curl/", "curl", CLIENT),
)
"""Part of the user agent in lower case, tool, purpose."""

STACKS: tuple[tuple[str, str, str], ...] = (
    ("nmap", "Nmap", SCANNER),
    ("masscan", "masscan", SCANNER),
    ("hping", "hping3", SCANNER),
    ("zmap", "ZMap", SURVEY),
    ("scapy", "Scapy", LIBRARY),
)
"""Part of the tool that the sensor recognises by its TCP stack in lower case, tool, purpose."""

PROBES: tuple[tuple[str, str, str], ...] = (
    ("sip:nm ", "Nmap", SCANNER),
    ("mstshash=nmap", "Nmap", SCANNER),
    ("random1random2random3random4", "Nmap", SCANNER),
    ("/nice%20ports%2c/tri%6eity", "Nmap", SCANNER),
    ("\0\x1e\0\6\1\0\0\1\0\0\0\0\0\0\7version\4bind", "Nmap", SCANNER),
    ("masscan", "masscan", SCANNER),
    ("zgrab", "ZGrab", SURVEY),
)
"""Part of what a client sent that the service does not speak, in lower case, tool, purpose."""

UNKNOWN_PROBE = Tool("unidentified probe", SCANNER)
"""Whoever sends a service what it does not speak wants to know what it is."""

NAMES = frozenset(name for _, name, _ in SSH + USER_AGENTS + STACKS + PROBES) | {UNKNOWN_PROBE.name}


def guess(software: str) -> Tool | None:
    """Return the tool named in `software`, or None."""
    return _guess(software[:512])


@lru_cache(maxsize=256)
def _guess(software: str) -> Tool | None:
    text = software.lower()
    return _first(SSH if text.startswith("ssh-") else USER_AGENTS, text)


def guess_stack(tool: str) -> Tool | None:
    """Return the tool that the sensor recognised by its TCP stack, or None."""
    return _first(STACKS, tool[:512].lower())


def guess_probe(data: str) -> Tool:
    """Return the tool that sends what no service of ours speaks."""
    return _first(PROBES, data[:512].lower()) or UNKNOWN_PROBE


def _first(table: tuple[tuple[str, str, str], ...], text: str) -> Tool | None:
    return next((Tool(name, purpose) for part, name, purpose in table if part in text), None)
