# SPDX-License-Identifier: MIT
"""What a host needs to run its workers under systemd: written, compared, and taken away again.

In the core, because a sensor host has nothing of the master: there `decnet-supervise init` does what `decnet init` does
on the master.
"""
