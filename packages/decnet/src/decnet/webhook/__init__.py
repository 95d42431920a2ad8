# SPDX-License-Identifier: MIT
"""Webhook: its modules say what is where."""
