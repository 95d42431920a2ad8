# SPDX-License-Identifier: MIT
"""What happened: the event envelope, the catalogue of kinds with their payloads, the notices, ids and codec.

Every kind is declared once, here (law 5): producers construct these types, consumers read them, rules name them.
"""
