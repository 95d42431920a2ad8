# SPDX-License-Identifier: MIT
"""The bus: NATS core messaging between the workers, over the embedded broker or a NATS cluster.

This folder is the client side, `protocol/` what both sides share, `broker/` the embedded server. A message only says
"look now": losing any of them loses no data, because the database and the spools are the truth (law 2).
"""
