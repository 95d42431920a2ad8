# SPDX-License-Identifier: MIT
"""listener: takes the events of sensors over mutual TLS into its own spool, each exactly once, and syslog of others.

`tls_acceptor` accepts the connections of members, `sensor` serves a forwarder, `plain` any RFC 5425 sender, `store`
writes their events, `records` tracks how far each sensor's spools are stored.
"""
