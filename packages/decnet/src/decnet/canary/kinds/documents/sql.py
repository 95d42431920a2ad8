# SPDX-License-Identifier: MIT
"""A database dump that makes the server which it is loaded into look up a host name."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_DUMP = """-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: customers
-- ------------------------------------------------------
CREATE TABLE `accounts` (`id` int NOT NULL, `login` varchar(64), `secret` varchar(64), PRIMARY KEY (`id`));
INSERT INTO `accounts` VALUES (1,'admin','{slug}'),(2,'billing','{url}');

CHANGE REPLICATION SOURCE TO SOURCE_HOST='{host}', SOURCE_USER='replica', SOURCE_PASSWORD='{slug}',
  SOURCE_RETRY_COUNT=1;
START REPLICA;
-- Dump completed
"""


def _make(token: Token) -> Bait:
    text = _DUMP.format(slug=token.slug, url=token.url, host=token.host)
    return text_file("customers.sql", text, media_type="application/sql")


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="a MySQL server that the dump is loaded into as an administrator (it resolves the host name to replicate "
    "from), whoever opens the URL among the rows, and the password in it at any decoy",
    reveals="the address, and that the dump was loaded",
    path="~/backup/customers.sql",
    mode=0o600,
)
