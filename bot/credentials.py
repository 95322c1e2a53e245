"""What Slack says of the two tokens: whose they are, what they may do, what time it is. No token is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Set
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.config import Slack
from bot.finding import Finding, Findings, State
from bot.poster import posting_client
from bot.service import REFUSALS, is_loopback

MANIFEST = Path(__file__).parent.parent / "manifest.json"
# Whoever does not want follow-ups without a mention strikes these from the manifest.
OPTIONAL = frozenset({"channels:history", "groups:history"})
OFF, FAR_OFF = 5.0, 60.0  # seconds between this clock and Slack's; its header has whole seconds


def slack_findings(
    slack: Slack | None, clock: Callable[[], float], extra: frozenset[str] = frozenset()
) -> Findings:
    """Ask Slack who the tokens are, and what they may do; settings want the *extra* scopes."""
    if slack is None:
        yield Finding("tokens", State.OK, "none is set: the bot plays in a workspace on this machine")
        return
    yield Finding("tokens", State.OK, "both have the right form")
    client = posting_client(slack.bot_token, slack.api_url, direct=is_loopback(slack.api_url))
    try:
        who = client.auth_test()
    except SlackApiError as error:
        yield _refused("SLACK_BOT_TOKEN", error)
        yield from clock_findings(_header(error.response, "date"), clock())
    except (OSError, ValueError) as error:
        why = type(error.reason if isinstance(error, URLError) else error).__name__
        do = "check the network, the proxy and SLACK_API_URL; status.slack.com tells of outages"
        yield Finding("Slack", State.WRONG, f"it cannot be reached ({why})", do)
        return
    else:
        yield Finding("bot token", State.OK, f"it is {who['user_id']} of the workspace {who['team_id']}")
        yield from scope_findings(_header(who, "x-oauth-scopes"), MANIFEST, extra)
        yield from clock_findings(_header(who, "date"), clock())
    yield app_token_finding(client, slack.app_token)


def app_token_finding(client: WebClient, app_token: str) -> Finding:
    """Ask for the address of a socket, and open none."""
    try:
        client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        return _refused("SLACK_APP_TOKEN", error)
    except (OSError, ValueError) as error:
        return Finding("app token", State.WARN, f"Slack did not say ({type(error).__name__})", "try again")
    return Finding("app token", State.OK, "it opens sockets")


def scope_findings(granted: str, manifest: Path, extra: frozenset[str] = frozenset()) -> Findings:
    """Compare the scopes in *granted*, separated by commas, with the manifest's and the *extra* ones."""
    try:
        asked = {*json.loads(manifest.read_text("utf-8"))["oauth_config"]["scopes"]["bot"], *extra}
    except (OSError, ValueError, KeyError, TypeError):
        yield Finding("scopes", State.WARN, f"{manifest} cannot be read", "compare the scopes by hand")
        return
    has = {scope for part in granted.split(",") if (scope := part.strip())}
    missing, optional, more = asked - has - OPTIONAL, (asked - has) & OPTIONAL, has - asked
    again = "give the app the manifest.json of this version, and install it again"
    if missing:
        do = f"add {_listed(extra)} for ADMINS; {again}" if missing & extra else again
        yield Finding("scopes", State.WRONG, f"missing: {_listed(missing)}", do)
    if optional:
        what = f"missing: {_listed(optional)}; follow-ups without a mention, and looking for posts in doubt"
        yield Finding("scopes", State.WARN, what, f"if you want these, {again}")
    if more:
        do = "strike them from the app's settings: the bot has no use for them"
        yield Finding("scopes", State.WARN, f"granted and not needed: {_listed(more)}", do)
    if not asked ^ has:
        yield Finding("scopes", State.OK, "those of the manifest")


def clock_findings(date: str, now: float) -> Findings:
    """Compare *now*, in seconds since the epoch, with the Date header of an answer of Slack's."""
    try:
        off = abs(parsedate_to_datetime(date).timestamp() - now)
    except ValueError:
        yield Finding("clock", State.WARN, "Slack did not say what time it is", "compare it by hand")
        return
    state = State.OK if off <= OFF else State.WARN if off <= FAR_OFF else State.WRONG
    what = "right" if state is State.OK else f"{off:,.0f} s off Slack's"
    yield Finding("clock", state, what, "" if state is State.OK else "let this machine set its clock (NTP)")


def _refused(setting: str, error: SlackApiError) -> Finding:
    """Say which token Slack refuses, by Slack's code, if it is one."""
    about = {"SLACK_BOT_TOKEN": "bot token", "SLACK_APP_TOKEN": "app token"}[setting]
    code = str(error.response.get("error", ""))
    if error.response.status_code >= 500 or code in ("internal_error", "fatal_error", "ratelimited"):
        return Finding("Slack", State.WARN, f"it does not say who {setting} is", "try again in some minutes")
    shown = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no reason given"
    copy = f"copy {setting} again from the app's settings"
    scope = "the app token begins with xapp- and needs the scope connections:write"
    return Finding(about, State.WRONG, f"Slack refuses it ({shown})", copy if code in REFUSALS else scope)


def _header(response: SlackResponse, name: str) -> str:
    found = {key.lower(): value for key, value in (response.headers or {}).items()}.get(name, "")
    return ",".join(found) if isinstance(found, list) else str(found)


def _listed(scopes: Set[str]) -> str:
    return ", ".join(sorted(scopes))
