# SPDX-License-Identifier: MIT
"""The nudge: NATS core messaging between the workers, embedded or on a real NATS cluster.

Losing any message here loses no data (law 2); the database and the spools are the truth.
"""
