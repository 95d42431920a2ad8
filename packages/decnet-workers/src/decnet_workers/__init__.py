# SPDX-License-Identifier: MIT
"""The workers of the master: one folder each, by the name of the worker.

No folder imports another; what two of them need is in `decnet_core` or in a domain of `decnet_models`.
"""
