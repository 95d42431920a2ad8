# SPDX-License-Identifier: MIT
"""`decnet drill --runtime`: deckies on a LAN that exists for the drill only, met from another machine of it.

`machines` are the LAN: a host with a bridge, and an attacker's machine, each a network namespace. `fleet` is
`decnet up` on that host, `clients` are the attacker's real programs. `run` deploys, looks, removes, and looks again.
"""
