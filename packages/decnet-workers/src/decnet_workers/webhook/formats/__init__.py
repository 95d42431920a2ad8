# SPDX-License-Identifier: MIT
"""How a notice becomes what a receiver takes: one module per format, each a pure function from an alert to bytes.

`registry` is the only list of them; a new format is a module and a line there. Only the formats of configured
endpoints are imported. What attackers wrote is text for every receiver, and each format bounds it as its receiver does.
"""
