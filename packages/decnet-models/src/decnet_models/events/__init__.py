# SPDX-License-Identifier: MIT
"""The event log. Written by ingest; read by all cursor workers and by the CLI.

Tables: event, event_volume, ingest_position.
"""
