# SPDX-License-Identifier: MIT
"""A database dump that makes the server which it is loaded into look up a host name.

MySQL and MariaDB have different statements for that, and each carries out only the comments that are meant for it.
"""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_DUMP = """-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: customers
-- ------------------------------------------------------
CREATE TABLE `accounts` (`id` int NOT NULL, `login` varchar(64), `secret` varchar(64), PRIMARY KEY (`id`));
INSERT INTO `accounts` VALUES (1,'admin','{slug}'),(2,'billing','{url}');

/*!80022 CHANGE REPLICATION SOURCE TO SOURCE_HOST='{host}', SOURCE_USER='replica', SOURCE_PASSWORD='{slug}' */;
/*!80022 START REPLICA */;
/*M!100000 CHANGE MASTER TO MASTER_HOST='{host}', MASTER_USER='replica', MASTER_PASSWORD='{slug}' */;
/*M!100000 START SLAVE */;
-- Dump completed
"""


def _make(token: Token) -> Bait:
    text = _DUMP.format(slug=token.slug, url=token.url, host=token.host)
    return text_file("customers.sql", text, media_type="application/sql")


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="a MySQL or MariaDB server that the dump is loaded into as an administrator (it resolves the host name to "
    "replicate from), whoever opens the URL among the rows, and the password in it at any decoy",
    reveals="the address, and that the dump was loaded",
    path="~/backup/customers.sql",
    mode=0o600,
)
