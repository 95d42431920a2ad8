# SPDX-License-Identifier: MIT
"""Requests as today's scanners, clients and exploits send them whole, written before the decoys were looked at."""

from __future__ import annotations

from tests.decnet_decoys.http.dialogues.framing import post
from tests.decnet_decoys.http.dialogues.requests import DATE, HOST, get

_CHROME = b"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/119.0.0.0 Safari/537.36"
_CHUNKED = b"Transfer-Encoding: chunked"
_CLOSED = b"Connection: close"
_LAST = b"0\r\n\r\n"
_NEXT = get(b"/robots.txt", _CLOSED)
_SHELL = b"echo Content-Type: text/plain; echo; id"

FOURTH: dict[str, bytes] = {
    "zgrab's page": get(b"/", b"User-Agent: Mozilla/5.0 zgrab/0.x", b"Accept: */*", b"Accept-Encoding: gzip"),
    "Censys": get(
        b"/",
        b"User-Agent: Mozilla/5.0 (compatible; CensysInspect/1.1)",
        b"Accept: */*",
        b"Accept-Encoding: gzip",
        _CLOSED,
    ),
    "a browser's second visit": get(
        b"/",
        _CHROME,
        b"Connection: keep-alive",
        b"Cache-Control: max-age=0",
        b"Accept-Encoding: gzip, deflate",
        b'If-None-Match: "60-61ac0a6a6a640"',
        b"If-Modified-Since: " + DATE,
    ),
    "a browser's icon": get(
        b"/favicon.ico",
        _CHROME,
        b"Accept: image/avif,image/webp,*/*;q=0.8",
        b"Referer: http://www.example.org/",
        b"Accept-Encoding: gzip, deflate",
    ),
    "a folder with a file's slash": get(b"/robots.txt/"),
    "a script below a page": get(b"/index.html/login.php?x=1"),
    "a fragment": get(b"/robots.txt#top"),
    "CVE-2021-41773 by POST": post(
        _SHELL, b"Content-Length: %d" % len(_SHELL), target=b"/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh"
    ),
    "CVE-2021-41773 of icons": get(b"/icons/.%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
    "PHP-CGI with a soft hyphen": post(
        b"<?php echo 1;",
        b"Content-Length: 13",
        target=b"/hello.world?%ADd+allow_url_include%3d1+%ADd+auto_prepend_file%3dphp://input",
    ),
    "a login of a router": post(
        b"username=admin&psd=Feefifofum",
        b"Content-Length: 29",
        b"Content-Type: application/x-www-form-urlencoded",
        target=b"/boaform/admin/formLogin",
    ),
    "a scanner's agents in a row": get(b"/.git/config") + get(b"/.env") + get(b"/wp-login.php") + _NEXT,
    "DELETE with a body": get(b"/robots.txt", b"Content-Length: 2", method=b"DELETE") + b"ab" + _NEXT,
    "PUT in chunks": get(b"/up.jsp/", _CHUNKED, method=b"PUT") + b"3\r\nabc\r\n" + _LAST + _NEXT,
    "OPTIONS of a star with a body": get(b"*", b"Content-Length: 2", method=b"OPTIONS") + b"ab" + _NEXT,
    "OPTIONS with chunks": get(b"/", _CHUNKED, method=b"OPTIONS") + _LAST + _NEXT,
    "TRACE with a body": get(b"/", b"Content-Length: 2", method=b"TRACE") + b"ab" + _NEXT,
    "PATCH": get(b"/robots.txt", b"Content-Length: 2", b"Content-Type: application/json", method=b"PATCH") + b"{}",
    "REPORT": get(b"/docs/", b"Depth: 0", b"Content-Length: 0", method=b"REPORT"),
    "HEAD of a folder without its slash": get(b"/docs", method=b"HEAD"),
    "HEAD of a hidden name": get(b"/.htaccess", method=b"HEAD"),
    "HEAD that is bad": get(b"/%zz", method=b"HEAD"),
    "HEAD with a range": get(b"/robots.txt", b"Range: bytes=0-1,3-4", method=b"HEAD"),
    "HEAD by HTTP/1.0, kept alive": b"HEAD / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    "an expected body in chunks": post(
        b"2\r\nab\r\n" + _LAST, b"Expect: 100-continue", _CHUNKED, target=b"/robots.txt"
    ),
    "trailers that are announced": post(
        b"2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n" + _NEXT, _CHUNKED, b"Trailer: X-Sum", b"TE: trailers"
    ),
    "TE that is none": get(b"/robots.txt", b"TE: trailers, deflate;q=0.5", b"Connection: TE"),
    "a coding hidden by CR": post(_LAST, b"X: y\rTransfer-Encoding: chunked", b"Content-Length: 5"),
    "a coding behind a control": post(_LAST, b"\x0bTransfer-Encoding: chunked", b"Content-Length: 5"),
    "a coding with a space behind": post(_LAST + _NEXT, b"Transfer-Encoding: chunked "),
    "a coding of two words": post(_LAST, b"Transfer-Encoding: chunked chunked"),
    "a chunk that ends by LF CR": post(b"2\r\nab\n\r" + _LAST, _CHUNKED),
    "a chunk of an extension with LF": post(b"2;\n\r\nab\r\n" + _LAST, _CHUNKED),
    "a body behind GET, and a request": get(b"/", b"Content-Length: 5") + b"GPOST" + _NEXT,
    "a length of 0, and a request": post(_NEXT, b"Content-Length: 0", target=b"/"),
    "a length, then HTTP/0.9": post(b"ab", b"Content-Length: 2") + b"GET /\r\n",
    "a Connection that names Host": get(b"/robots.txt", b"Connection: close, Host"),
    "a Connection of both": get(b"/robots.txt", b"Connection: close", b"Connection: keep-alive"),
    "kept alive for a while": get(b"/robots.txt", b"Connection: keep-alive", b"Keep-Alive: timeout=600, max=1000")
    + _NEXT,
    "h2c by HEAD": get(
        b"/", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: websocket", b"HTTP2-Settings: AAMAAABk", method=b"HEAD"
    ),
    "a cookie of 6000 bytes": get(b"/", b"Cookie: " + b"a=" + b"b" * 6000),
    "a line of 8190 bytes": get(b"/" + b"a" * (8190 - 14)),
    "two fields of the same name": get(
        b"/robots.txt", b"Range: bytes=0-1", b"X-Forwarded-For: 1", b"X-Forwarded-For: 2"
    ),
    "nothing acceptable as a coding": get(b"/long.txt", b"Accept-Encoding: identity;q=0, *;q=0"),
    "gzip, then the same by its tag": get(b"/long.txt", b"Accept-Encoding: gzip", b'If-None-Match: W/"666abcde-1f3"'),
    "gzip of a part": get(b"/long.txt", b"Accept-Encoding: gzip", b"Range: bytes=0-99"),
    "if a tag that is weak": get(b"/robots.txt", b'If-Match: W/"x", "y"'),
    "if a part of a weak tag": get(b"/robots.txt", b"Range: bytes=0-3", b'If-Range: W/"x"'),
    "if none of a broken list": get(b"/robots.txt", b'If-None-Match: "a, b"'),
    "parts in the order of curl": get(b"/long.txt", b"Range: bytes=0-9,20-29,-10"),
    "HTTP/1.1 in small letters of a bot": b"get / http/1.1\r\nhost: a\r\n\r\n",
    "a Host of the address and its port": b"GET /docs HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n\r\n",
    "an absolute target of this host": b"GET http://192.0.2.1:8080/docs HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n\r\n",
    "a proxy's header before": b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n" + get(),
    "SOCKS 4": b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00",
    "SOCKS 5": b"\x05\x01\x00",
    "MGLNDD": b"MGLNDD_192.0.2.1_80\n",
    "a miner of stratum": b'{"id":1,"method":"mining.subscribe","params":[]}\n',
    "ADB": b"CNXN\0\0\0\1\0\0\x10\0\7\0\0\0\x32\2\0\0\xbc\xb1\xa7\xb1host::\0",
    "MQTT": b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00",
    "LDAP": b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x02\x04\x00\x80\x00",
    "JDWP": b"JDWP-Handshake",
    "T3 of WebLogic": b"t3 12.1.2\nAS:2048\nHL:19\n\n",
    "memcached": b"stats\r\n",
    "Mongo": b"\x3a\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0\1\0\0\0"
    b"\x13\0\0\0\x10isMaster\0\1\0\0\0\0",
    "lines of HOST only": HOST + b"\r\n",
}
