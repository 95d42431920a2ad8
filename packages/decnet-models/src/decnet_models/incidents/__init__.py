# SPDX-License-Identifier: MIT
"""Incidents: what belongs together for the person who has to act on it.

Tables written by the worker webhook: incident, incident_value, incident_current, incident_notice. Tables written by
the operator's command: incident_action (who acknowledged, closed or noted what), incident_silence. An incident's state
is that of the actions on it, so it is true the moment an operator has acted, whether or not a worker runs.
"""
