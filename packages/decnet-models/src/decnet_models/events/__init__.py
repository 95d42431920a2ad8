# SPDX-License-Identifier: MIT
"""The event log. Tables: event, ingest_position. Written by ingest; read by all cursor workers and by the CLI."""
