# SPDX-License-Identifier: MIT
"""The sensor hosts as the master knows them, and how each came to belong to the fleet.

Tables: sensor, enrolment, written by the operator. They grant no access: that is the listener's registry
(`decnet_swarm.pki.sensor_registry`), a file, since the listener has no database (law 3). This is its copy for queries,
with what the operator says about a host; and it stays when the registry has forgotten a sensor.
"""
