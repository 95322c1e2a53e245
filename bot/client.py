"""Slack's client as we use it: it posts nothing twice of its own accord, and tells how each call ended."""

from __future__ import annotations

import ssl
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from bot.vitals import CallOutcome, Vitals

MOST_PAUSES = 3  # that one call waits for


class Client(WebClient):
    """A `WebClient` that tells *vitals* of its calls. The options are those of a `WebClient`."""

    def __init__(self, *, base_url: str, vitals: Vitals | None = None, **options: Any) -> None:
        super().__init__(base_url=base_url, ssl=certificates(base_url), **options)
        self._vitals = vitals or Vitals()

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        """Call *api_method*; raises what a `WebClient` raises."""
        try:
            response = super().api_call(api_method, **options)
        except (SlackApiError, OSError, HTTPException) as error:
            self._vitals.called(api_method, outcome(error))
            raise
        self._vitals.called(api_method, CallOutcome.OK)
        return response


def hasty(client: WebClient, patience: int, vitals: Vitals | None) -> Client:
    """Return another client of *client*'s workspace, which waits *patience* seconds and tries once."""
    made = Client(
        token=client.token, base_url=client.base_url, timeout=patience, retry_handlers=[], vitals=vitals
    )
    made.proxy = client.proxy
    return made


def certificates(url: str) -> ssl.SSLContext | None:
    """
    Return by what the certificate of *url* is judged, None where it has none.

    Left to itself, the SDK reads all the authorities that this machine trusts anew for each call: 20 ms.
    """
    return _trusted() if url.startswith("https:") else None


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


class Pauses(RateLimitErrorRetryHandler):
    """
    Waits as long as Slack asks for when it did not take a call (429), and tells of it.

    *method* is what is called; None where the address ends in it, which a response URL does not.
    """

    def __init__(self, vitals: Vitals | None = None, method: str | None = None) -> None:
        super().__init__(max_retry_count=MOST_PAUSES)
        self._vitals, self._method = vitals or Vitals(), method

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait."""
        self._vitals.rate_limited(self._method or urlsplit(request.url).path.rpartition("/")[2])
        super().prepare_for_next_attempt(state=state, request=request, response=response, error=error)


def outcome(error: Exception) -> CallOutcome:
    """Return how a call ended that raised *error*."""
    if not isinstance(error, SlackApiError):
        return CallOutcome.UNREACHABLE
    limited = error.response.get("error") == "ratelimited"
    return of_status(429 if limited else error.response.status_code)


def of_status(status: int) -> CallOutcome:
    """Return how a call ended that did not go well, by its HTTP status."""
    if status == 429:
        return CallOutcome.RATE_LIMITED
    return CallOutcome.FAILED if status >= 500 else CallOutcome.REFUSED
