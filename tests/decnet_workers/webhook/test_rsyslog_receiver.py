# SPDX-License-Identifier: MIT
"""rsyslog as the receiver of notices, over TCP and TLS: what it parses is what was meant."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_workers.webhook.formats.notices import HOSTILE, MARKUP
from tests.decnet_workers.webhook.test_transports import sent, transport

from decnet_core.text import for_terminal
from decnet_workers.webhook.outcome import Reply

MODULES = {path.name for path in Path("/usr/lib").glob("*/rsyslog/*.so")}
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="rsyslog is not installed"),
]
CONFIGURATION = """
global(workDirectory="{place}" maxMessageSize="64k" {tls})
module(load="imtcp" {mode})
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{place}/port")
template(name="parsed" type="list" option.jsonf="on") {{
  property(outname="app" name="app-name" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
action(type="omfile" file="{place}/out" template="parsed")
"""


@pytest.mark.parametrize("form", ["syslog", "cef", "ocsf"])
@pytest.mark.parametrize("scheme", ["syslog+tcp", "syslog+tls"])
async def test_rsyslog_reads_what_was_meant(scheme: str, form: str, certificate: Path, tmp_path: Path) -> None:
    encrypted = scheme == "syslog+tls"
    if encrypted and "lmnsd_ossl.so" not in MODULES:
        pytest.skip("rsyslog has no OpenSSL driver")
    files = " ".join(f'DefaultNetstreamDriver{kind}File="{certificate}"' for kind in ("CA", "Cert", "Key"))
    (tmp_path / "rsyslog.conf").write_text(
        CONFIGURATION.format(
            place=tmp_path,
            tls=f'DefaultNetstreamDriver="ossl" {files}' if encrypted else "",
            mode='StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"' if encrypted else "",
        )
    )
    command = ["rsyslogd", "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "pid")]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(120):
            while not (tmp_path / "port").exists() or not (tmp_path / "port").read_text().strip():
                await asyncio.sleep(0.05)
            url = f"{scheme}://hook.test:{int((tmp_path / 'port').read_text())}"
            assert await sent(transport(url, form, tmp_path, ca_file=str(certificate)), 5) == [Reply(None)] * 5
            while not (tmp_path / "out").exists() or (tmp_path / "out").read_text().count("\n") < 5:
                await asyncio.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 120)
    read: list[Any] = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert {(one["app"], one["kind"], one["severity"], one["facility"]) for one in read} == {
        ("decnet", "ttp.tagged", "err", "local0")
    }
    shown = for_terminal(MARKUP, 1024)
    for one in read:
        if form == "syslog":
            assert one["text"].strip() == f"T1059.004 Unix shell by {HOSTILE.attacker}: {shown}"
            assert one["data"].startswith('[decnet@32473 id="msg_')
        elif form == "cef":
            assert one["text"].strip().startswith("CEF:0|DECNET|DECNET|1|ttp.tagged|")
        else:
            assert json.loads(one["text"])["unmapped"]["action"] == MARKUP
