# SPDX-License-Identifier: MIT
"""Incidents: notices that belong together, and who is told of them when.

They are part of the worker webhook, not a worker of their own. Each notice wakes webhook in any case; here its incident
is written in the transaction that makes its deliveries, by the same cursor. Another process would cost its memory
while anything happens, a second wake-up and commit for each notice, and a hop on the way of each notification.
"""
