# SPDX-License-Identifier: MIT
"""The command `decnet webhook`, by what it is about: receivers, their secrets, deliveries."""
