# SPDX-License-Identifier: MIT
"""Everything about being a process: settings, logging, signals, bus, heartbeat, control, readiness, exit codes.

A worker class says only what it does; what it means to run lives here, once.
"""
