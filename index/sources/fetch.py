"""
Fetching from the web, politely and safely: robots.txt, one request at a time, limits on all that may grow.

The address that is checked is the one that is connected to, after every redirect too. Whatever goes wrong is
a `FetchError`, one sentence for the owner.
"""

from __future__ import annotations

import asyncio
import socket
import time
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import aiohttp
from protego import Protego

from index.sources.address import RefusedError, checked, host_of, is_allowed, is_public, onward

if TYPE_CHECKING:
    from index.config import Config

NAME = "Pullquote"
REDIRECTS = 5  # browsers follow 20; RFC 9309 asks for 5
BODY_LIMIT = 20_000_000  # bytes, unpacked; a feed of 500 long articles has 10 million
ROBOTS_LIMIT = 512_000  # bytes; RFC 9309 asks for at least 500 KiB
VALIDATOR_LIMIT = 500  # characters; an ETag is a hash
CRAWL_DELAY_LIMIT = 30.0  # seconds; a longer one would make a sync last for days
WAIT_LIMIT = 30.0  # seconds that are waited for a server that asks for it; longer: the next sync
BACK_OFF, LONGEST_BACK_OFF = timedelta(minutes=5), timedelta(days=1)
BUSY = (429, 503)
MOVED = (301, 302, 303, 307, 308)
ZLIB_OR_GZIP = 47  # zlib's wbits: either header, found by itself


class FetchError(Exception):
    """
    What could not be fetched: one sentence that says why and what to do.

    *wait_until* is when its server may be asked again, where it said so. *forbidden* says that robots.txt
    keeps everybody away.
    """

    def __init__(
        self, reason: str, *, wait_until: datetime | None = None, forbidden: bool = False, status: int = 0
    ) -> None:
        super().__init__(reason)
        self.wait_until, self.forbidden, self.status = wait_until, forbidden, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a server sent: *body* is unpacked; *unchanged* says that it sent none, because nothing changed."""

    url: str
    body: bytes = b""
    kind: str = ""
    etag: str | None = None
    modified: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Any
    body: bytes


class Fetcher:
    """
    Fetches one address after the other, from one thread.

    Args:
        allow_hosts: Hosts that may be fetched though they are not public.

        contact: What else the User-Agent says: an address where the owner can be reached.

        pause: Seconds between two requests to one host.

        seconds: The most that one address may take, redirects included.
    """

    def __init__(
        self,
        *,
        allow_hosts: Collection[str] = (),
        contact: str = "",
        pause: float = 1.0,
        seconds: float = 60.0,
        limit: int = BODY_LIMIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.allow_hosts, self.now = frozenset(allow_hosts), now
        self.agent = f"{NAME}/1.0 ({contact})" if contact else f"{NAME}/1.0"
        self._pause, self._seconds, self._limit = pause, seconds, limit
        self._monotonic, self._sleep = monotonic, sleep
        self._robots: dict[str, Protego | FetchError] = {}
        self._last: dict[str, float] = {}
        self._shut: dict[str, FetchError] = {}  # hosts that asked to be left alone
        self._runner: asyncio.Runner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._allowed = False  # whether the host of the request under way may be anything
        self._refused: list[str] = []  # addresses that were not connected to

    @classmethod
    def configured(cls, config: Config) -> Self:
        """Return one that fetches as the owner's settings say."""
        return cls(allow_hosts=config.allow_hosts, contact=config.contact)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections; the next `get` opens new ones."""
        if self._runner and self._session:
            self._runner.run(self._session.close())
            self._runner.close()
        self._runner = self._session = None

    def get(self, url: str, *, etag: str | None = None, modified: str | None = None) -> Page:
        """
        Fetch *url*, or learn that it is unchanged since a server gave *etag* and *modified* for it.

        Raises:
            FetchError: If it may not be, or could not be fetched.
        """
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in asked.items() if value}
        try:
            target, reply = self._follow(checked(url), headers)
        except RefusedError as e:
            raise FetchError(str(e)) from e
        if reply.status == 304 and headers:
            return Page(url=target, unchanged=True, etag=etag, modified=modified)
        if reply.status != 200:
            raise FetchError(_status(reply.status), status=reply.status)
        kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        etag, modified = (_validator(reply.headers.get(name)) for name in ("ETag", "Last-Modified"))
        return Page(url=target, body=reply.body, kind=kind, etag=etag, modified=modified)

    def _follow(self, url: str, headers: dict[str, str]) -> tuple[str, _Reply]:
        for _ in range(REDIRECTS + 1):
            self._require_robots(url)
            reply = self._patient(url, headers)
            location = reply.headers.get("Location", "")
            if reply.status not in MOVED or not location:
                return url, reply
            url = onward(url, location)
        raise FetchError(f"It redirects more than {REDIRECTS} times; name the address where it ends.")

    # ---- robots.txt

    def _require_robots(self, url: str) -> None:
        rules = self._rules(url)
        if not rules.can_fetch(url, NAME):
            raise FetchError(
                "Its robots.txt asks programs to keep away from it; ask its owner for an export.",
                forbidden=True,
            )

    def _rules(self, url: str) -> Protego:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            try:
                self._robots[origin] = self._read_robots(f"{origin}/robots.txt")
            except (FetchError, RefusedError) as e:
                self._robots[origin] = e if isinstance(e, FetchError) else FetchError(str(e))
        found = self._robots[origin]
        if isinstance(found, FetchError):
            raise found
        return found

    def _read_robots(self, url: str) -> Protego:
        for _ in range(REDIRECTS + 1):
            reply = self._patient(url, {}, ROBOTS_LIMIT)
            location = reply.headers.get("Location", "")
            if reply.status not in MOVED or not location:
                break
            url = onward(url, location)
        # RFC 9309: no such file means no rules; a server in trouble means keep away.
        if reply.status >= 500:
            raise FetchError(f"Its robots.txt cannot be read ({reply.status}); the next sync tries again.")
        return Protego.parse(reply.body.decode("utf-8", "replace") if reply.status == 200 else "")

    # ---- one request

    def _patient(self, url: str, headers: dict[str, str], limit: int | None = None) -> _Reply:
        """Ask in turn; where the server asks to wait a little, wait and ask once more."""
        host = host_of(url)
        for attempt in (1, 2):
            if shut := self._shut.get(host):
                raise shut
            self._take_turn(url, host)
            reply = self._ask(url, headers, limit or self._limit)
            if reply.status not in BUSY:
                return reply
            wait = self._asked_wait(reply)
            if attempt == 1 and wait is not None and wait <= WAIT_LIMIT:
                self._sleep(wait)
                continue
            until = None if wait is None else self.now() + min(timedelta(seconds=wait), LONGEST_BACK_OFF)
            self._shut[host] = FetchError(_busy(reply.status, until), wait_until=until, status=reply.status)
        raise self._shut[host]

    def _take_turn(self, url: str, host: str) -> None:
        rules = self._robots.get(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}")
        delay = rules.crawl_delay(NAME) if isinstance(rules, Protego) else None
        pause = max(self._pause, min(delay or 0.0, CRAWL_DELAY_LIMIT))
        if host in self._last and (wait := self._last[host] + pause - self._monotonic()) > 0:
            self._sleep(wait)
        self._last[host] = self._monotonic()

    def _asked_wait(self, reply: _Reply) -> float | None:
        """Return the seconds of a Retry-After header, which are a number or lead to a date."""
        value = reply.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(0.0, (at - self.now()).total_seconds())

    def _ask(self, url: str, headers: dict[str, str], limit: int) -> _Reply:
        self._allowed, self._refused = is_allowed(host_of(url), self.allow_hosts), []
        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(self._request(url, headers, limit))
        except TimeoutError as e:
            raise FetchError(
                f"It took longer than {self._seconds:g} seconds; the next sync tries again."
            ) from e
        except (aiohttp.ClientError, OSError, ValueError) as e:
            raise FetchError(self._why(e)) from e

    async def _request(self, url: str, headers: dict[str, str], limit: int) -> _Reply:
        if self._session is None:
            self._session = self._open()
        async with (
            asyncio.timeout(self._seconds),
            self._session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            body = await _body(response, limit) if response.status == 200 else b""
            return _Reply(response.status, response.headers, body)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            use_dns_cache=False, limit=1, force_close=True, socket_factory=self._guarded_socket
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": self.agent, "Accept-Encoding": "gzip"},
        )

    def _guarded_socket(self, where: Any) -> socket.socket:
        """Give a socket for an address that may be connected to: the last that is asked before connecting."""
        family, kind, protocol, _, address = where
        if not self._allowed and not is_public(str(address[0])):
            self._refused.append(str(address[0]))
            raise PermissionError("not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    def _why(self, error: Exception) -> str:
        if self._refused:
            return (
                "It leads to an address that is not public; if it is meant, the owner names its host in "
                "ALLOW_HOSTS."
            )
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return "There is no such host; check the address."
        if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
            return "Its certificate is not valid, so nobody knows who answers; tell its owner."
        if isinstance(error, aiohttp.ClientConnectorError):
            return "It cannot be reached; the next sync tries again."
        return f"It answers in a way that is not understood ({type(error).__name__}); check the address."


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body piece by piece, and no further than *limit* bytes once it is unpacked."""
    if (response.content_length or 0) > limit:
        raise FetchError(_too_large(limit))
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise FetchError("It comes in a packing that was not asked for; tell its owner.")
    unpacker = zlib.decompressobj(ZLIB_OR_GZIP) if coding not in ("identity", "") else None
    body = bytearray()
    try:
        async for piece in response.content.iter_chunked(65_536):
            body += unpacker.decompress(piece, limit + 1 - len(body)) if unpacker else piece
            if len(body) > limit:
                raise FetchError(_too_large(limit))
    except zlib.error as e:
        raise FetchError("It is packed wrongly, so it cannot be read; tell its owner.") from e
    if unpacker and not unpacker.eof:
        raise FetchError("It ended before its end; the next sync tries again.")
    return bytes(body)


def back_off(failures: int) -> timedelta:
    """Return how long to leave a server alone that failed so many times in a row and did not say how long."""
    return min(BACK_OFF * (1 << min(failures, 12)), LONGEST_BACK_OFF)


def _validator(value: str | None) -> str | None:
    """Return a header's value that can be kept and sent back as it is."""
    return (
        value if value and len(value) <= VALIDATOR_LIMIT and value.isascii() and value.isprintable() else None
    )


def _too_large(limit: int) -> str:
    return f"It is larger than {limit / 1_000_000:g} MB; name a smaller feed, or an export."


def _busy(status: int, until: datetime | None) -> str:
    when = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "for a while"
    return f"Its server asks to be left alone {when} ({status}); a later sync tries again."


def _status(status: int) -> str:
    match status:
        case 401 | 403 | 402:
            return f"Its server lets only subscribers or browsers in ({status}); ask its owner for an export."
        case 404:
            return "There is nothing at this address (404); check it."
        case 410:
            return "Its server says that it is gone for good (410); remove it."
        case _ if status >= 500:
            return f"Its server is in trouble ({status}); the next sync tries again."
        case _:
            return f"Its server answers with status {status}; check the address."
