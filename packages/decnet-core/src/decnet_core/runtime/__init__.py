# SPDX-License-Identifier: MIT
"""Running a worker: settings, logging, signals, bus, heartbeat, control, readiness, exit codes.

A worker class holds only its job; everything about being a process is here, once.
"""
