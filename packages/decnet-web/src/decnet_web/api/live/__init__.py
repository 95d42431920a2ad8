# SPDX-License-Identifier: MIT
"""What changes while somebody looks: the stream of notices, metrics, health."""
