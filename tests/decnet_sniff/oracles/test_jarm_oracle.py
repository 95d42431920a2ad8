# SPDX-License-Identifier: MIT
"""The JARM of servers with many settings is what pyJARM, another implementation, says of the same server."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_programs
from tests.decnet_sniff.probe import probe_servers

from decnet_sniff.probe.probe_run import Host, run_probe
from decnet_sniff.probe.settings import ProbeSettings

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

SCAN = """
import json, sys, warnings
warnings.simplefilter("ignore")
from jarm.scanner.scanner import Scanner
print(json.dumps(Scanner.scan(sys.argv[1], int(sys.argv[2]), concurrency=1)))
"""
SETTINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("-serverpref",),
    ("-tls1_2",),
    ("-tls1_3",),
    ("-no_ticket",),
    ("-alpn", "h2,http/1.1"),
    ("-alpn", "hq"),
    ("-cipher", "ALL:@SECLEVEL=0", "-tls1_1"),
    ("-cipher", "ALL:@SECLEVEL=0", "-tls1"),
    ("-cipher", "ALL:@SECLEVEL=0", "-legacy_renegotiation"),
    ("-cipher", "AES128-SHA"),
    ("-cipher", "ECDHE-RSA-CHACHA20-POLY1305", "-serverpref"),
    ("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
    ("-named_curve", "secp521r1"),
)
KEYS = {"rsa": ("rsa:2048",), "ecdsa": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}


async def ours(port: int) -> str | None:
    async def spend(_: int) -> bool:
        return True

    settings = ProbeSettings(tls_ports=(port,), ssh_ports=(), stack=False, answer_seconds=20)
    found = [one async for one in run_probe(Host(probe_servers.HERE), settings, spend)]
    return next((one.value for one in found if one.what == "jarm"), "0" * 62)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("options", SETTINGS, ids=" ".join)
async def test_jarm_is_that_of_another_implementation(tmp_path: Path, key: str, options: tuple[str, ...]) -> None:
    environment = oracle_programs.environment("pyjarm==0.0.5")
    pair = probe_servers.certificate(tmp_path, key=KEYS[key])
    async with probe_servers.s_server(pair, tmp_path / "log", *options) as port:
        scan = [str(environment / "bin" / "python"), "-c", SCAN, probe_servers.HERE, str(port)]
        done = await asyncio.to_thread(subprocess.run, scan, capture_output=True, text=True, check=True, timeout=300)
        assert await ours(port) == json.loads(done.stdout.splitlines()[-1])[0]
