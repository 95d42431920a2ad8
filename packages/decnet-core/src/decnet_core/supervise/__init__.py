# SPDX-License-Identifier: MIT
"""Hosting workers: the pure restart policy, and the fleet that runs each worker as a process of its own."""
