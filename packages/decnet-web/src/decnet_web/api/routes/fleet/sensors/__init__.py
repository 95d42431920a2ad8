# SPDX-License-Identifier: MIT
"""Sensor hosts: enrolled with one command, renewed, revoked."""
