# SPDX-License-Identifier: MIT
"""Endpoints that hear notices, and what was sent to them.

Tables written by the operator's command: webhook, webhook_replay. Tables written by the worker webhook: webhook_state,
webhook_delivery. So a table has one writer (law 4): an operator asks for a replay by a row, the worker carries it out;
and the worker never touches an endpoint's definition, what it learnt about it (it is gone, it fails) is beside it.

No secret is stored: it is derived from the fleet's key (`decnet_workers.webhook.signature`).
"""
