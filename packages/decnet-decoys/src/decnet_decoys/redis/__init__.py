# SPDX-License-Identifier: MIT
"""Redis, as of version 7.0: requests (`protocol`), what is stored (`keyspace`), the commands (`keys`, `server`).

`service` is one connection. What attackers do with an open Redis (files written by SAVE, replication from a server of
theirs, modules, escapes from Lua) is answered as if it worked as far as it can here, and recorded to its end.
"""
