# SPDX-License-Identifier: MIT
"""Details of findings over the API: profiles, recordings, files that are never shown, reports, the overview."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.decnet_web.api.routes.filled import CAST, CONTENT, NASTY, RECORDING, SESSION, SHA256, A, B, C
from tests.decnet_web.api.served import Served

from decnet.findings import timeline
from decnet.fleet.deployment import transaction
from decnet_models.accounts.audit import entries

API = "/api/v1"


def audited(served: Served, action: str) -> list[str | None]:
    """What that was done to, the newest first; by the tests before, too."""
    with transaction(served.deployment) as connection:
        return [one.object for one in entries(connection) if one.action == action]


async def test_a_profile_has_everything(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get(f"{API}/attackers/{A}")).json()
    assert sum(term["points"] for term in found["terms"]) == found["attacker"]["score"] == 47
    assert (found["attacker"]["country"], found["attacker"]["organisation"]) == ("DE", NASTY)
    assert [one["name"] for one in found["techniques"]][1] == "Indicator Removal"
    assert found["commands"][0]["text"].endswith(NASTY)
    assert found["stories"][0]["session"] == SESSION
    assert found["files"][0]["sha256"] == SHA256
    assert [one["provider"] for one in found["intel"]] == ["feodo", "mmdb"]
    assert found["identity"] is not None
    assert found["known"] is None


async def test_a_timeline_counts_by_step_and_kind(served: Served) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/attackers/{A}/timeline", params={"step": 60})
    found = answer.json()
    assert found["step_seconds"] == 60
    (bucket,) = found["buckets"]
    assert (bucket["at"], bucket["events"]) == ("2026-11-24T00:00:00Z", 8)
    assert bucket["by_kind"]["auth.attempt"] == 3
    assert found["kinds_since"] is None


async def test_a_timeline_has_steps_of_seconds_where_the_newest_events_tell(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f"{API}/attackers/{A}/timeline?step=1&since=2026-11-24T00:00:00Z"
    async with served.client("viewer") as client:
        found = (await client.get(asked)).json()
        assert found["step_seconds"] == 1
        assert sum(sum(one["by_kind"].values()) for one in found["buckets"]) == 8
        monkeypatch.setattr(timeline, "MOST_EVENTS", 2)  # as if there were more than are looked at
        found = (await client.get(f"{asked}&until=2026-11-25T00:00:00Z")).json()
    assert found["step_seconds"] == 60
    assert sum(one["events"] for one in found["buckets"]) == 8


async def test_a_recording_is_an_attachment_and_a_look_at_it_is_audited(served: Served) -> None:
    before = audited(served, "recording.play")
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/sessions/{SESSION}/recording")
    assert answer.content == CAST
    assert answer.headers["content-type"].startswith("application/x-asciicast")
    assert f'filename="{RECORDING}.cast"' in answer.headers["content-disposition"]
    assert audited(served, "recording.play") == [SESSION, *before]


async def test_a_file_leaves_encrypted(served: Served, tmp_path: Path) -> None:
    before = audited(served, "file.download")
    async with served.client("analyst") as client:
        answer = await client.get(f"{API}/files/{SHA256}/content")
    assert answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert CONTENT not in answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [SHA256]
        assert archive.read(SHA256, pwd=b"infected") == CONTENT
        with pytest.raises(RuntimeError, match="password"):
            archive.read(SHA256)
    if shutil.which("unzip"):
        (tmp_path / "sample.zip").write_bytes(answer.content)
        command = ("unzip", "-P", "infected", "-t", str(tmp_path / "sample.zip"))
        unzip = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        assert await unzip.wait() == 0
    assert audited(served, "file.download") == [SHA256, *before]


async def test_a_raw_file_is_never_shown(served: Served) -> None:
    async with served.client("analyst") as client:
        answer = await client.get(f"{API}/files/{SHA256}/content", params={"form": "raw"})
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_viewers_download_no_files(served: Served) -> None:
    async with served.client("viewer") as client:
        assert (await client.get(f"{API}/files/{SHA256}/content")).status_code == 403


async def test_the_overview_sums_up(served: Served) -> None:
    async with served.client("viewer") as client:
        found = (await client.get(f"{API}/overview", params={"since": "2026-11-20T00:00:00Z"})).json()
    assert (found["events"], found["attackers"], found["new_attackers"]) == (12, 4, 4)
    assert (found["accepted_logins"], found["sessions"], found["files"], found["uncounted"]) == (1, 1, 1, 0)
    assert found["hours"] == [{"at": "2026-11-24T00:00:00Z", "events": 12}]
    assert [one["ip"] for one in found["top_attackers"]][:2] == [A, C]
    assert {one["technique"] for one in found["new_techniques"]} == {"T1003.008", "T1070"}
    assert found["canary_hits"][0]["token"] == "sharepoint"
    assert found["open_incidents"]["high"] == 2
    assert found["countries"] == {"DE": 1}
    assert found["health"]["last_event_at"] == "2026-11-24T00:00:13.123456789Z"


async def test_the_overview_is_what_the_log_and_the_summary_say(served: Served) -> None:
    async with served.client("viewer") as client:
        over = (await client.get(f"{API}/overview", params={"since": "2026-11-24T00:00:00Z"})).json()
        summed = (await client.get(f"{API}/summary", params={"since": "2026-11-24T00:00:00Z"})).json()
    for name in ("events", "attackers", "new_attackers", "accepted_logins", "kinds", "deckies", "hours"):
        assert over[name] == summed[name], name


@pytest.mark.parametrize("form", ["html", "md", "json"])
async def test_a_report_is_an_attachment_in_a_sandbox(served: Served, form: str) -> None:
    async with served.client("viewer") as client:
        answer = await client.get(f"{API}/reports", params={"format": form})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="decnet-report.{form}"'
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "<img" not in answer.text.replace("\\<img", "") or form == "json"


async def test_exports_have_what_was_recognised(served: Served) -> None:
    before = audited(served, "export.download")
    async with served.client("viewer") as client:
        layer = (await client.get(f"{API}/exports/navigator")).json()
        assert {one["techniqueID"] for one in layer["techniques"]} == {"T1003.008", "T1070"}
        bundle = json.loads((await client.get(f"{API}/exports/stix", params={"attacker": A})).text)
        assert bundle["type"] == "bundle"
        table = await client.get(f"{API}/exports/csv")
        assert "\n=" not in table.text
        assert table.headers["content-disposition"].startswith("attachment")
    assert len(audited(served, "export.download")) == len(before) + 3


async def test_a_search_looks_everywhere(served: Served) -> None:
    async with served.client("viewer") as client:
        by_text = (await client.get(f"{API}/search", params={"q": "toor"})).json()
        assert {one["username"] for one in by_text["credentials"]} == {"root", "admin"}
        assert len(by_text["events"]) == 2
        by_address = (await client.get(f"{API}/search", params={"q": B})).json()
        assert [one["ip"] for one in by_address["attackers"]] == [B]
        by_digest = (await client.get(f"{API}/search", params={"q": SHA256.upper()})).json()
        assert by_digest["files"][0]["sighting"]["name"].startswith('=cmd|"/c calc"!A1 <img')
        by_session = (await client.get(f"{API}/search", params={"q": "session-"})).json()
        assert [one["session"] for one in by_session["sessions"]] == [SESSION]
        for nothing in ("%", "_", "\\", '"', "' OR 1=1 --"):
            assert (await client.get(f"{API}/search", params={"q": nothing})).status_code == 200


async def test_intel_is_shown_and_refreshing_without_providers_says_what_to_do(served: Served) -> None:
    async with served.client("analyst") as client:
        found = (await client.get(f"{API}/intel/{A}")).json()
        assert (found["verdict"], found["reasons"]) == ("malicious", [f"feodo: {NASTY}"])
        assert (await client.get(f"{API}/intel/nobody.example")).json()["findings"] == []
        refused = await client.post(f"{API}/intel/{A}/refresh")
    assert refused.status_code == 409
    assert "providers" in refused.json()["detail"]
