# SPDX-License-Identifier: MIT
"""What a sensor host runs without a database: the collector, which turns other honeypots' logs into events."""
