# SPDX-License-Identifier: MIT
"""Files and recordings that attackers left: which are in the artifact store, and where each was seen.

Tables: artifact, artifact_sighting, written by ingest in the transaction that appends the events that mention them.
"""
