# SPDX-License-Identifier: MIT
"""The kind of program a user agent names (RFC 9110 §10.1.5); a claim, which the field order may contradict.

Words are matched as literal lower-case text, first row first: a bot that poses as a browser still names itself, so
browsers come last.
"""

from functools import lru_cache

ABSENT = "absent"
EMPTY = "empty"
TOOL = "tool"
BOT = "bot"
LIBRARY = "library"
BROWSER = "browser"
OTHER = "other"

CLASSES = (ABSENT, EMPTY, TOOL, BOT, LIBRARY, BROWSER, OTHER)

_WORDS: tuple[tuple[str, tuple[bytes, ...]], ...] = tuple(
    (name, tuple(words.split(b"|")))
    for name, words in (
        (
            TOOL,
            b"nmap|masscan|zgrab|zmap|sqlmap|nikto|nuclei|wpscan|gobuster|dirbuster|dirsearch|feroxbuster|"
            b"ffuf|wfuzz|hydra|medusa|metasploit|burp|arachni|acunetix|nessus|openvas|qualys|whatweb|"
            b"wappalyzer|httpx - |fuzz faster|jorgee|zmeu|morfeus|l9explore|l9tcpid|commix|joomscan|skipfish|"
            b"w3af|curl/|wget/|httpie/|powershell|xh/|aria2/",
        ),
        (
            BOT,
            b"bot/|bot |bot;|bot)|bot-|crawl|spider|slurp|censysinspect|expanse|shodan|internetmeasurement|"
            b"netcraft|facebookexternalhit|mediapartners-google|archiver|paloalto|leakix|"
            b"internet-measurement|modatscanner|onyphe|binaryedge|netsystemsresearch",
        ),
        (
            LIBRARY,
            b"python-requests|python-urllib|python-httpx|aiohttp/|python/|urllib3|go-http-client|fasthttp|"
            b"okhttp|java/|apache-httpclient|jakarta|libwww-perl|lwp::|lwp-|mechanize|axios/|node-fetch|"
            b"node.js|undici|got (|guzzlehttp|php/|ruby|faraday|scrapy|libcurl|pycurl|reqwest|hyper/|rust/|"
            b"winhttp|microsoft-cryptoapi|dart/|cpp-httplib|restsharp|postmanruntime|insomnia|colly",
        ),
        (BROWSER, b"applewebkit/|gecko/|trident/|msie |presto/|opera/|lynx/|links (|w3m/"),
    )
)


def classify(agent: bytes | None) -> str:
    """Return one of CLASSES for the value of a User-Agent field, None without such a field."""
    if agent is None:
        return ABSENT
    if not agent.strip():
        return EMPTY
    return _class_of(agent[:1024])


@lru_cache(maxsize=256)
def _class_of(agent: bytes) -> str:
    lower = agent.lower()
    for name, words in _WORDS:
        if any(word in lower for word in words):
            return name
    return BOT if lower.endswith(b"bot") else OTHER
