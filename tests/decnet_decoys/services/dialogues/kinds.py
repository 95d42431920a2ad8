# SPDX-License-Identifier: MIT
"""The dialogues by server, and their records."""

from __future__ import annotations

from pathlib import Path

from tests.decnet_decoys.services.dialogues import asking, ftp, inetutils, mysql, redis, smtp, telnet
from tests.decnet_decoys.services.dialogues.fifth import ftp as fifth_ftp
from tests.decnet_decoys.services.dialogues.fifth import mysql as fifth_mysql
from tests.decnet_decoys.services.dialogues.fifth import redis as fifth_redis
from tests.decnet_decoys.services.dialogues.fifth import smtp as fifth_smtp
from tests.decnet_decoys.services.dialogues.fifth import telnet as fifth_telnet
from tests.decnet_decoys.services.dialogues.fourth import mysql as fourth_mysql
from tests.decnet_decoys.services.dialogues.fourth import redis as fourth_redis
from tests.decnet_decoys.services.dialogues.more import ftp as more_ftp
from tests.decnet_decoys.services.dialogues.more import mysql as more_mysql
from tests.decnet_decoys.services.dialogues.more import redis as more_redis
from tests.decnet_decoys.services.dialogues.more import smtp as more_smtp
from tests.decnet_decoys.services.dialogues.more import telnet as more_telnet
from tests.decnet_decoys.services.dialogues.play import Answers, Kind
from tests.decnet_decoys.services.dialogues.sixth import ftp as sixth_ftp
from tests.decnet_decoys.services.dialogues.sixth import mysql as sixth_mysql
from tests.decnet_decoys.services.dialogues.sixth import redis as sixth_redis
from tests.decnet_decoys.services.dialogues.sixth import smtp as sixth_smtp
from tests.decnet_decoys.services.dialogues.sixth import telnet as sixth_telnet
from tests.decnet_decoys.services.dialogues.third import ftp as third_ftp
from tests.decnet_decoys.services.dialogues.third import mysql as third_mysql
from tests.decnet_decoys.services.dialogues.third import redis as third_redis
from tests.decnet_decoys.services.dialogues.third import smtp as third_smtp
from tests.decnet_decoys.services.dialogues.third import telnet as third_telnet

RECORDS = Path(__file__).parent
KINDS: dict[str, Kind] = {
    "ftp": ftp.KIND, "smtp": smtp.KIND, "redis": redis.KIND, "mysql": mysql.KIND, "telnet": telnet.KIND,
    "inetutils": inetutils.KIND,
    "ftp-more": more_ftp.KIND, "smtp-more": more_smtp.KIND, "redis-more": more_redis.KIND,
    "mysql-more": more_mysql.KIND, "telnet-more": more_telnet.KIND, "inetutils-more": more_telnet.INETUTILS,
    "ftp-third": third_ftp.KIND, "smtp-third": third_smtp.KIND, "redis-third": third_redis.KIND,
    "mysql-third": third_mysql.KIND, "telnet-third": third_telnet.KIND, "inetutils-third": third_telnet.INETUTILS,
    "mysql-fourth": fourth_mysql.KIND, "redis-fourth": fourth_redis.KIND,
    "ftp-fifth": fifth_ftp.KIND, "smtp-fifth": fifth_smtp.KIND, "redis-fifth": fifth_redis.KIND,
    "mysql-fifth": fifth_mysql.KIND, "telnet-fifth": fifth_telnet.KIND, "inetutils-fifth": fifth_telnet.INETUTILS,
    "ftp-sixth": sixth_ftp.KIND, "smtp-sixth": sixth_smtp.KIND, "redis-sixth": sixth_redis.KIND,
    "mysql-sixth": sixth_mysql.KIND, "telnet-sixth": sixth_telnet.KIND, "inetutils-sixth": sixth_telnet.INETUTILS,
}  # fmt: skip
"""By the server's name, with what tells one set of dialogues from another behind a hyphen."""


def server_of(name: str) -> str:
    """Return the server that a set of dialogues is held with."""
    return name.partition("-")[0]


def recorded(name: str) -> dict[str, Answers]:
    """Return what the real server said."""
    return asking.recorded(RECORDS / f"{name}.json", KINDS[name].dialogues)
