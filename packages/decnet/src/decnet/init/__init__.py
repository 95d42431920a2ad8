# SPDX-License-Identifier: MIT
"""`decnet init`: what a host needs to run the fleet under systemd, written, compared, and taken away again."""
