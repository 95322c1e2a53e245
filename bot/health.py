"""
The port at which machines ask how the bot fares: /healthz, /readyz and /metrics.

Promises: it is served by the bot's own event loop, so that an answer shows that the loop lives; it listens
where the owner said and nowhere else; what it tells are names of checks, short reasons and numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config import Address
from bot.metrics import Metrics


class AddressError(Exception):
    """The port cannot be listened at; the text says what to do."""


@asynccontextmanager
async def listening(address: Address | None, metrics: Metrics) -> AsyncIterator[Address | None]:
    """
    Answer at *address* while the block lasts; give the address, in which a port 0 has become a real one.

    Raises:
        AddressError: If another program has the port, or the host is not this machine's.
    """
    if address is None:
        yield None
        return
    runner = web.AppRunner(application(metrics), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host, address.port)
        try:
            await site.start()
        except OSError as error:
            raise AddressError(
                f"HEALTH_ADDRESS is {address}, where the bot cannot listen ({error.strerror}): "
                "another program may have the port. Name another, or write off."
            ) from error
        yield Address(address.host, runner.addresses[0][1])
    finally:
        await runner.cleanup()


def application(metrics: Metrics) -> web.Application:
    """Return what answers the three questions."""

    async def healthz(_: web.Request) -> web.Response:
        """Say whether the bot lives; one that does not must be started anew."""
        return _report(await asyncio.to_thread(metrics.examine, vital=True))

    async def readyz(_: web.Request) -> web.Response:
        """Say whether the bot can answer now, and whether all that it does by itself is done in time."""
        return _report(await asyncio.to_thread(metrics.examine) or {"start": "it has only begun"})

    async def measured(request: web.Request) -> web.Response:
        accept = request.headers.get("Accept", "")
        body, content_type = await asyncio.to_thread(metrics.exposition, accept)
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", measured)
    return app


def _report(results: dict[str, str | None]) -> web.Response:
    """Return each check by name, ``"ok"`` or why not; the status is 503 where one fails."""
    well = not any(results.values())
    shown = {name: why_not or "ok" for name, why_not in results.items()}
    return web.json_response({"ok": well, "checks": shown}, status=200 if well else 503)
