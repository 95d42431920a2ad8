# SPDX-License-Identifier: MIT
"""`decnet swarm`: enrols and revokes sensor hosts, and makes the listener's certificate."""
