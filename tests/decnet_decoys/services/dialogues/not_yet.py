# SPDX-License-Identifier: MIT
"""Dialogues in which the decoys of MariaDB and Redis do not answer as the real servers yet; this may only shrink."""

from __future__ import annotations

NOT_YET: dict[str, tuple[str, ...]] = {
    "mysql-more": (
        "a large length", "session track", "latin1 client", "COM_STATISTICS", "COM_FIELD_LIST", "COM_PROCESS_KILL",
        "COM_CHANGE_USER, short", "the mariadb client's", "status", "users", "mysql.user's columns",
        "processes", "engines and sets", "blind injections", "Unicode", "settings", "UDF", "LOAD DATA LOCAL",
        "MOF and events", "GRANT as of old", "kinds of columns", "about a table", "errors about tables", "joins",
        "a view", "in the system's tables", "shutdown's kin", "EXPLAIN",
    ),
    "mysql-third": (
        "mysqldump's beginning", "mysqldump of a table", "mysqldump's logs", "SQLAlchemy", "phpMyAdmin", "Workbench",
        "HeidiSQL", "prepared: rows", "prepared: a cursor", "LOAD DATA LOCAL", "a UDF by DUMPFILE",
        "a shell by the log", "a ransom note", "users made", "GRANT makes a user", "scanning the schema", "sqlmap",
        "regular expressions", "an INSERT of 600 rows", "a shop's tables", "joins and groups", "numbers", "strings",
        "JSON", "with a CTE", "procedures", "variables", "SHOW", "administration", "text that is not ASCII",
        "errors of data", "a temporary table", "views", "explained",
    ),
    "mysql-fourth": (
        "lib_mysqludf_sys from a table", "mysql.func is looked at", "CREATE FUNCTION in all its forms",
        "INSTALL PLUGIN", "stored functions", "files are written", "LOAD DATA LOCAL in two packets",
        "LOAD DATA LOCAL with columns", "several accounts at once", "a hash for a password", "rights of one database",
        "a back door's account", "roles", "a ransomer looks and drops", "the catalogue of an intruder",
        "SHOW of every kind", "status and variables", "windows", "common tables", "sets of rows", "a UNION injection",
        "errors that tell", "time that passes", "WordPress is installed", "a table is changed",
        "a table out of another", "JSON of an application", "texts and numbers", "DBeaver", "a scanner of versions",
        "Go's driver", "administration", "what cannot be named", "conditions and loops outside",
        "a brute forcer's next steps", "views and triggers",
    ),
    "mysql-fifth": (
        "an accountant",
        "EXPLAIN",
        "windows",
        "WITH",
        "procedures",
        "triggers and events",
        "injections",
        "texts",
        "numbers",
        "dates",
        "JSON",
        "a schema is made",
        "joins",
        "information_schema",
        "accounts",
        "variables",
        "files",
        "libraries",
        "errors of grammar",
        "administration",
        "rows of text",
    ),
    "redis-fifth": ("strings of an application", "scripts", "counts of HyperLogLog"),
    "redis-more": ("Lua", "COMMAND", "bits", "other types", "EXPIRE's options"),
    "redis-third": ("LMPOP and company", "strings", "bits", "HyperLogLog and places", "COMMAND", "CLIENT", "functions"),
    "redis-fourth": (
        "a worm cleans up", "a password is set and taken", "CONFIG of several", "COMMAND about itself",
        "users of the ACL", "ACL's small questions", "places", "bits and pieces",
    ),
    "mysql-sixth": (
        "metasploit's enumeration", "mysqldump of a database", "a ransom", "sqlmap's fingerprint",
        "sqlmap's boundaries", "a UDF chain", "a log as a shell", "accounts", "information_schema",
        "what the server has", "JDBC", "joins", "changing tables", "writing rows", "EXPLAIN",
        "window functions", "routines", "tables are looked after", "texts and dates", "variables",
        "binary commands",
    ),
    "redis-sixth": (
        "Lua looks around", "LCS", "PF", "sorted sets", "streams", "places",
    ),
}  # fmt: skip
"""By set; `nox -s realism` shows how they differ no longer."""
