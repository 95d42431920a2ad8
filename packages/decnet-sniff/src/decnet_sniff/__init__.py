# SPDX-License-Identifier: MIT
"""What runs on a sensor host, without a database: the log collector, the passive sniffer and the active prober."""
