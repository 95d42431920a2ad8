# SPDX-License-Identifier: MIT
"""The sensor hosts on which the operator has planned deckies.

Table: sensor; only names are written, and when. They grant no access: that is the listener's registry
(`decnet_swarm.pki.sensor_registry`), a file, since the listener has no database (law 3). It alone says how a sensor
came to belong to the fleet, and what it may do: nothing copies that here, so the column `role` is empty.
"""
