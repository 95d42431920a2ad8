# SPDX-License-Identifier: MIT
"""In what the two telnetd differ, with the login that each of them runs."""

import random
from typing import NamedTuple

from decnet_decoys.telnet.inetutils import Negotiation
from decnet_decoys.telnet.options import Options
from decnet_decoys.terminal.login_line import LONGEST, LoginLine

_OF_SETTING = 2.5
"""How many times SSH's delay that of login is."""


class Flavour(NamedTuple):
    """A server and its login."""

    options: type[Options] | type[Negotiation]
    negotiates: bool
    """Whether login starts when the client has answered, and not at once."""
    login_seconds: int
    """How long a login may take."""
    late: bytes
    refused: bytes
    tries: int
    """Logins that may fail."""
    given_up: bytes
    """What login says then."""
    empty_is_no_name: bool
    """Whether an empty name is asked for again; otherwise it is one like any other."""
    most_empty: int
    """Empty names before the connection ends."""
    longest_name: int
    """Bytes of a name; with a longer one the connection ends."""
    refuses_options: bool
    """Whether a name that begins with a hyphen is refused without asking for a password."""
    nul_ends: bool
    """Whether a NUL after the first byte of a name ends the connection."""
    keys_that_end: bytes
    """Keys whose signal ends login."""
    keys_that_drop: bytes
    """Keys whose signal login ignores; the terminal drops the line."""
    tabs: bool
    """Whether the terminal writes a tab as blanks."""
    end_completes: bool
    """Whether ^D completes a name or a password that is typed so far."""
    ends_name: tuple[str, ...]
    """What ends the connection when it is given instead of a name (`login_line.Entered`)."""
    ends_password: tuple[str, ...]
    """What ends it when it is given instead of a password."""
    end_waits: bool
    """Whether a login that ended with ^D or ^C is answered as late as one with a wrong password."""
    delay_varies: bool
    """Whether that delay is drawn anew each time, as pam_fail_delay(3) does."""

    def failure_seconds(self, setting_ms: int) -> float:
        """Return how late a failed login is answered: 3 s with the setting's default, which is SSH's delay.

        Linux-PAM varies it by up to a half either way, as the mean of three draws.
        """
        share = sum(random.random() for _ in range(3)) / 3 if self.delay_varies else 0.5  # noqa: S311  # no secret
        return setting_ms / 1000 * _OF_SETTING * (0.5 + share)

    def line(self, *, echo: bool, column: int) -> LoginLine:
        """Return an empty line, as its login reads one that begins in that column."""
        return LoginLine(
            echo=echo,
            ends=self.keys_that_end,
            drops=self.keys_that_drop,
            end_completes=self.end_completes,
            tabs=self.tabs,
            column=column,
        )


BUSYBOX = Flavour(
    options=Options,
    negotiates=False,
    login_seconds=60,
    late=b"\nLogin timed out after 60 seconds\n",
    refused=b"Login incorrect\n",
    tries=3,
    given_up=b"",
    empty_is_no_name=True,
    most_empty=10,  # EMPTY_USERNAME_COUNT
    longest_name=61,  # USERNAME_SIZE
    refuses_options=False,
    nul_ends=True,
    keys_that_end=b"\x03\x1c",
    keys_that_drop=b"\x1a",
    tabs=True,
    end_completes=False,
    ends_name=("gone", "interrupt", "quit", "end"),
    ends_password=("gone", "quit"),
    end_waits=True,
    delay_varies=False,
)
INETUTILS = Flavour(
    options=Negotiation,
    negotiates=True,
    login_seconds=60,  # LOGIN_TIMEOUT of login.defs(5)
    late=b"\nLogin timed out after 60 seconds.\n",
    refused=b"\nLogin incorrect\n",
    tries=5,  # LOGIN_RETRIES
    given_up=b"Maximum number of tries exceeded (5)\n",
    empty_is_no_name=False,
    most_empty=1,
    longest_name=LONGEST,
    refuses_options=True,
    nul_ends=False,
    keys_that_end=b"\x03\x1c",
    keys_that_drop=b"\x1a",
    tabs=False,
    end_completes=True,
    ends_name=("gone", "interrupt", "quit"),
    ends_password=("gone", "interrupt", "quit"),
    end_waits=True,
    delay_varies=True,
)
FLAVOURS = {"busybox": BUSYBOX, "inetutils": INETUTILS}
