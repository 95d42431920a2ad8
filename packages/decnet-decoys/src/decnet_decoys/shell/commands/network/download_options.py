# SPDX-License-Identifier: MIT
"""What wget and curl tell of themselves, and the options that curl refuses."""

from decnet_decoys.shell.call import Call

WGET_USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options."
VERSIONS = {
    "wget": "GNU Wget 1.21.3 built on linux-gnu.\n",
    "curl": "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.14 zlib/1.2.13\nRelease-Date: 2023-02-20\n",
}
_CURL_OPTIONS = (
    ("-d, --data <data>", "HTTP POST data"), ("-f, --fail", "Fail fast with no output on HTTP errors"),
    ("-h, --help <category>", "Get help for commands"),
    ("-i, --include", "Include protocol response headers in the output"),
    ("-o, --output <file>", "Write to file instead of stdout"),
    ("-O, --remote-name", "Write output to a file named as the remote file"), ("-s, --silent", "Silent mode"),
    ("-T, --upload-file <file>", "Transfer local FILE to destination"),
    ("-u, --user <user:password>", "Server user and password"),
    ("-A, --user-agent <name>", "Send User-Agent <name> to server"),
    ("-v, --verbose", "Make the operation more talkative"), ("-V, --version", "Show version number and quit"),
)  # fmt: skip
HELP = {
    "wget": "GNU Wget 1.21.3, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n\n"
    "Mandatory arguments to long options are mandatory for short options too.\n",
    "curl": "Usage: curl [options...] <url>\n"
    + "".join(f" {option:<26} {meaning}\n" for option, meaning in _CURL_OPTIONS)
    + "\nThis is not the full help, this menu is stripped into categories.\n"
    'Use "--help category" to get an overview of all categories.\n'
    'For all options use the manual or "--help all".\n',
}
CURL_HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
CURL_VALUED = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"
_CURL_LETTERS = "#0123456:aABbcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwxXyYzZ"
_CURL_NAMES = """
anyauth append basic cacert cert compressed config connect-timeout cookie cookie-jar create-dirs data data-binary
data-raw data-urlencode digest dump-header fail fail-with-body form get head header help http1.0 http1.1 http2 include
insecure interface ipv4 ipv6 json key limit-rate list-only location manual max-redirs max-time method netrc no-buffer
no-progress-meter noproxy ntlm output parallel path-as-is port post301 progress-bar proto proxy quote range raw referer
remote-header-name remote-name remote-time request resolve retry retry-delay show-error silent socks4 socks5
socks5-hostname speed-limit speed-time ssl stderr tcp-nodelay tftp-blksize tls-max tlsv1.2 tlsv1.3 trace unix-socket
upload-file url user user-agent verbose version write-out
"""


def curl_refuses(call: Call) -> str | None:
    """Return what curl says to an option that it does not have, or whose value is missing."""
    names, rest = _CURL_NAMES.split(), iter(call.args)
    for arg in rest:
        name = arg[2:].removeprefix("no-")
        if arg.startswith("--") and not any(one.startswith(name) for one in names):
            return f"option {arg}: is unknown"
        letters = arg[1:64] if arg.startswith("-") and not arg.startswith("--") else ""
        for index, letter in enumerate(letters, 1):
            if letter not in _CURL_LETTERS or (letter.isdecimal() and letter not in "012346"):
                return f"option {arg}: is unknown"
            if letter in CURL_VALUED:
                if index == len(letters) and letter != "h" and next(rest, None) is None:
                    return f"option {arg}: requires parameter"
                break
    return None
