# SPDX-License-Identifier: MIT
"""Links, addresses, routes and packet filters by netlink(7), without a library.

pyroute2 0.9 does this and much more; importing it costs 8.7 MiB of unique memory, 238 modules and 0.6 s of processor
time, each time that the worker wakes, and its nftables layer knows few expressions. What the reconciler needs are the
dozen messages in this folder: `message` is their form, `connection` sends them, and `links`, `addresses`, `routes` and
`nftables` say what is in them. A connection belongs to the network namespace of the thread that opened it.
"""
