# SPDX-License-Identifier: MIT
"""NATS nkey authentication: the server's nonce signed with an Ed25519 seed; needs the extra `decnet-core[nkeys]`."""

from pathlib import Path

from decnet_core.bus.interface import BusError


def signed(seed_file: str, nonce: str) -> dict[str, object]:
    """Return the CONNECT fields `nkey` and `sig` for `nonce`; BusError says what is missing."""
    import base64
    import importlib

    try:
        nkeys = importlib.import_module("nkeys")
        pair = nkeys.from_seed(bytearray(Path(seed_file).read_bytes().strip()))
        signature: bytes = pair.sign(nonce.encode())
        public: bytes = pair.public_key
    except ImportError as error:
        raise BusError("nkey authentication needs the extra: install decnet-core[nkeys]") from error
    except OSError as error:
        raise BusError(f"the nkey seed cannot be read: {error}") from error
    except Exception as error:
        # nkeys raises its own classes, which cannot be named without importing it
        raise BusError(f"{seed_file} is no nkey seed: {type(error).__name__}") from error
    return {"nkey": public.decode(), "sig": base64.b64encode(signature).decode()}
