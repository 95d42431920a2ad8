# SPDX-License-Identifier: MIT
"""HTTP messages as bytes: heads of requests and answers, their bodies, the fields of every answer."""
