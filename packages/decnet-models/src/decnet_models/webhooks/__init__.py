# SPDX-License-Identifier: MIT
"""Endpoints that receive notices, and their deliveries.

Tables written by the operator's command: webhook, webhook_replay. Tables written by the worker webhook: webhook_state,
webhook_delivery. So a table has one writer (law 4): an operator requests a replay by a row, the worker carries it out;
and the worker never changes an endpoint's definition, its state (gone, failing) is stored separately.

No secret is stored in the clear: what signs is derived from the fleet's key (`decnet_workers.webhook.signature`), and
tokens and URLs that are secrets are encrypted with it (`decnet_workers.webhook.sealing`).
"""
