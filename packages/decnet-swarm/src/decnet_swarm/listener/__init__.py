# SPDX-License-Identifier: MIT
"""listener: takes the events of sensors over mutual TLS into its own spool, each exactly once, and syslog of others.

`gate` accepts connections and knows who may stay, `sensor` speaks with a forwarder, `plain` with any RFC 5425 sender,
`store` writes what they bring, `records` remembers how far each sensor's spools are stored.
"""
