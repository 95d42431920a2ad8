# SPDX-License-Identifier: MIT
"""Installs what a host needs to run its workers under systemd, compares it, and removes it.

In the core, because a sensor host has nothing of the master: there `decnet-supervise init` does what `decnet init` does
on the master.
"""
