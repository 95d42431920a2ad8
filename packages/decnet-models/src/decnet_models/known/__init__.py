# SPDX-License-Identifier: MIT
"""Sources that are the operator's own: scanners, monitoring, drills. Their events are recorded and never an attacker's.

Table: known_source, written by the operator, read wherever events are turned into anything else.
"""
