"""
Which addresses may be fetched: http and https, on public machines or those that the owner names. Pure.

What a name resolves to is not known here: `is_public` is asked again about each address that is connected to.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urljoin, urlsplit, urlunsplit

URL_LIMIT = 2_000  # characters; the longest that every browser opens
UNPRINTABLE = re.compile(r"[\s\x00-\x20\x7f-\x9f<>\"\\^`{}|\ud800-\udfff]")

# Besides what `ipaddress` knows (IANA's special-purpose registries, as of this Python): protocol assignments,
# the old 6to4 relay, and a cloud's metadata service on a public address.
NOT_PUBLIC_4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
# Only this block of IPv6 is handed out (RFC 4291); within it, documentation is not.
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
NAT64 = IPv6Network("64:ff9b::/96")


class RefusedError(Exception):
    """An address that is not fetched: one sentence that says why and what to do."""


def checked(url: str) -> str:
    """
    Return *url* as it is fetched: whole, without a fragment, its host in lower case and ASCII.

    Raises:
        RefusedError: If it is no http or https address, or holds a user's name or password.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError) as e:
        raise RefusedError("It is no web address; write it as https://HOST/PATH.") from e
    if parts.scheme not in ("http", "https"):
        raise RefusedError("Only http:// and https:// addresses are fetched; name one.")
    if not host or len(text) > URL_LIMIT or UNPRINTABLE.search(text):
        raise RefusedError("It is no web address; write it as https://HOST/PATH.")
    if "@" in parts.netloc:
        raise RefusedError("It holds a user's name or password, which would be logged; leave it out.")
    place = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    netloc = place if port in (None, {"http": 80, "https": 443}[parts.scheme]) else f"{place}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


def onward(url: str, location: str) -> str:
    """
    Return where a redirect from *url* leads.

    Raises:
        RefusedError: As `checked`.
    """
    try:
        return checked(urljoin(url, location.strip()))
    except ValueError as e:
        raise RefusedError("It redirects to what is no web address.") from e
    except RefusedError as e:
        raise RefusedError(f"It redirects elsewhere. {e}") from e


def host_of(url: str) -> str:
    """Return the host of an address that was `checked`."""
    return urlsplit(url).hostname or ""


def is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Tell whether the owner named this very host, whatever it resolves to."""
    return host.rstrip(".").lower() in {name.strip("[]").rstrip(".").lower() for name in allowed}


def is_public(address: str) -> bool:
    """
    Tell whether an IP address is one of the public internet, where anybody may look.

    Loopback, private, link-local, shared, multicast, reserved and metadata addresses are not, nor IPv6
    addresses that lead to such an IPv4 address.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if (inner := _inner(ip)) is None:
            return ip in PUBLIC_6 and ip.is_global and not any(ip in net for net in NOT_PUBLIC_6)
        ip = inner
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in NOT_PUBLIC_4)


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
