# SPDX-License-Identifier: MIT
"""Server-sent events from the event log and the outbox.

One `Broadcast` reads what is new, once for all listeners, and gives each `Listener` the part that it wants. Everybody
is at a `Position` in both tables, which every message names as its id: so a client that comes again with the last id
that it has seen gets exactly what it has not, from the tables (`routes`), until it is where the broadcast is.
"""
