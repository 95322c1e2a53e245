"""The bot's settings, from the environment and ``.env``: read once, checked at once, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import dotenv

import index.config
from index.config import ConfigError

SETTINGS = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_API_URL",
        "ADMINS",
        "COLUMN",
        "DATA_DIR",
        "EMBEDDING_MODEL",
        "ENCODER_DIR",
        "ALIASES",
        "ALLOW_HOSTS",
        "CONTACT",
        "RATE_LIMIT",
        "EXCERPT_SHARE",
        "SYNC_EVERY",
        "KEEP_DAYS",
        "DIGEST_ALARM_AFTER",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "HEALTH_ADDRESS",
    }
)
SLACK_ITSELF = "https://slack.com/api/"
SPANS = {"minute": 60.0, "hour": 3600.0, "day": 24 * 3600.0}
SYNC_EVERY = "1h"
KEEP_DAYS = 90
DIGEST_ALARM_AFTER = "30m"
FEWEST_DAYS = 2  # Slack brings an event back for up to a day, and it must be known for so long
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
HEALTH_ADDRESS = "127.0.0.1:8717"
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
WHERE = {
    "SLACK_BOT_TOKEN": "it is under OAuth & Permissions in the app's settings",
    "SLACK_APP_TOKEN": "it is under Basic Information, App-Level Tokens, with the scope connections:write",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How to reach one workspace. *api_url* ends in a slash."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    api_url: str = SLACK_ITSELF


@dataclass(frozen=True, slots=True)
class Rate:
    """At most *most* questions a *span*, which is one of SPANS."""

    most: int
    span: str

    @property
    def seconds(self) -> float:
        """The span's length."""
        return SPANS[self.span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admins:
    """
    Who runs the bot: *people* by Slack's ids, and, with *workspace*, whoever is admin of the workspace.

    Both may be empty: then nobody does.
    """

    people: tuple[str, ...] = ()
    workspace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How much one person gets: questions by *rates*, and a *share* of each article's characters a day.

    No rates: as many questions as they like.
    """

    rates: tuple[Rate, ...] = (Rate(10, "minute"), Rate(100, "hour"))
    share: float = 0.25


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: *host* is a name or an IP address, without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    All that the bot is told.

    *slack* is None where no token is set: the loopback workspace is used. *sync_every* is in seconds, None
    for never of its own accord; *keep_days* is how long questions and opinions are kept. *health* is where
    machines ask how the bot fares; None for nowhere.
    """

    index: index.config.Config
    slack: Slack | None
    limits: Limits
    admins: Admins
    sync_every: float | None
    keep_days: int
    digest_alarm_after: float
    log_format: str
    log_level: str
    health: Address | None

    @classmethod
    def load(cls, environ: Mapping[str, str], env_file: Path) -> Config:
        """Read *environ* over *env_file*, which may be missing; a variable that is set to nothing counts."""
        in_file = dotenv.dotenv_values(env_file, interpolate=False, encoding="utf-8")
        return cls.from_environ({**{k: v for k, v in in_file.items() if v is not None}, **environ})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """
        Check every setting in *environ*.

        Raises:
            ConfigError: With all problems at once. No problem quotes a token.
        """
        given = {name: environ.get(name, "").strip() for name in SETTINGS}
        problems: list[str] = []
        try:
            index_config = index.config.Config.from_environ(environ)
        except ConfigError as error:
            problems += error.problems
        api_url = given["SLACK_API_URL"] or SLACK_ITSELF
        log_format, log_level = given["LOG_FORMAT"].lower() or "text", given["LOG_LEVEL"].upper()
        health = read_address(given["HEALTH_ADDRESS"] or HEALTH_ADDRESS, problems)
        admins = read_admins(given["ADMINS"], problems)
        limits = read_limits(given["RATE_LIMIT"], given["EXCERPT_SHARE"], problems)
        sync_every = read_sync_every(given["SYNC_EVERY"], problems)
        keep_days = read_keep_days(given["KEEP_DAYS"], problems)
        digest_alarm_after = read_alarm_after(given["DIGEST_ALARM_AFTER"], problems)
        problems += [
            *token_problems({name: given[name] for name in TOKENS}),
            *url_problems(api_url),
            *choice_problems("LOG_FORMAT", log_format, LOG_FORMATS),
            *choice_problems("LOG_LEVEL", log_level or "INFO", LOG_LEVELS),
        ]
        if problems:
            raise ConfigError(problems)
        slack = Slack(
            bot_token=given["SLACK_BOT_TOKEN"],
            app_token=given["SLACK_APP_TOKEN"],
            api_url=api_url.rstrip("/") + "/",
        )
        return cls(
            index=index_config,
            slack=slack if slack.bot_token else None,
            limits=limits,
            admins=admins,
            sync_every=sync_every,
            keep_days=keep_days,
            digest_alarm_after=digest_alarm_after,
            log_format=log_format,
            # The loopback workspace shows its conversation in the terminal, where a log would be in the way.
            log_level=log_level or ("INFO" if slack.bot_token else "WARNING"),
            health=health,
        )


def token_problems(tokens: Mapping[str, str]) -> list[str]:
    """Say what is wrong with the two tokens; none at all is right, one alone is not."""
    bot_token, app_token = tokens["SLACK_BOT_TOKEN"], tokens["SLACK_APP_TOKEN"]
    if not bot_token and not app_token:
        return []
    if bot_token.startswith("xapp-") and app_token.startswith("xoxb-"):
        return ["SLACK_BOT_TOKEN and SLACK_APP_TOKEN have changed places; swap them."]
    return [problem for name, token in tokens.items() if (problem := token_problem(name, token))]


def token_problem(name: str, token: str) -> str | None:
    """Say what is wrong with one token, without quoting it."""
    if not token:
        return f"{name} is missing, though the other token is set; {WHERE[name]}."
    if not token.startswith(TOKENS[name]):
        return f"{name} does not begin with {TOKENS[name]}; {WHERE[name]}."
    if not re.fullmatch(r"[\w.-]+", token, re.ASCII):
        return f"{name} holds a character that no token has; copy it again: {WHERE[name]}."
    return None


def url_problems(url: str) -> list[str]:
    """Refuse all but a plain http(s) address with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment:
        return []
    return [
        "SLACK_API_URL is not an http(s) address; leave it out for Slack itself, or write http://HOST/api/."
    ]


def read_admins(value: str, problems: list[str]) -> Admins:
    """Read ids of members, and the word workspace for its admins; add what is wrong to *problems*."""
    named = list(dict.fromkeys(re.split(r"[\s,]+", value))) if value else []
    people = tuple(name for name in named if re.fullmatch(r"[UW][A-Z0-9]{2,20}", name))
    wrong = [name for name in named if name not in people and name.lower() != "workspace"]
    if wrong:
        problems.append(
            f"ADMINS holds “{wrong[0]}”, which is no member id; write ids like U012AB3CD, which a person's "
            "profile in Slack shows, or the word workspace for the workspace's own admins."
        )
    return Admins(people=people, workspace=len(named) > len(people))


def read_limits(rates: str, share: str, problems: list[str]) -> Limits:
    """Read the two limits, each with its default where it is empty; add what is wrong to *problems*."""
    limits = Limits()
    if rates:
        each = [re.fullmatch(r"(\d{1,6})/(minute|hour|day)", part) for part in re.split(r"[\s,]+", rates)]
        if rates.lower() == "off":
            limits = replace(limits, rates=())
        elif all(found and int(found[1]) for found in each):
            limits = replace(limits, rates=tuple(Rate(int(f[1]), f[2]) for f in each if f))
        else:
            problems.append(f"RATE_LIMIT is “{rates}”; write it like 10/minute 100/hour, or off.")
    if share:
        percent = re.fullmatch(r"(\d{1,3}) ?%?", share)
        if percent and 1 <= int(percent[1]) <= 100:
            limits = replace(limits, share=int(percent[1]) / 100)
        else:
            problems.append(f"EXCERPT_SHARE is “{share}”; write a share from 1% to 100%.")
    return limits


def read_sync_every(value: str, problems: list[str]) -> float | None:
    """Read how often the column is synced, in seconds, None for off; add what is wrong to *problems*."""
    if value.lower() == "off":
        return None
    found = re.fullmatch(r"(\d{1,4}) ?([mhd])", (value or SYNC_EVERY).lower())
    if found and int(found[1]):
        return int(found[1]) * {"m": 60.0, "h": 3600.0, "d": 24 * 3600.0}[found[2]]
    problems.append(f"SYNC_EVERY is “{value}”; write it like 15m, 1h or 1d, or off.")
    return None


def read_keep_days(value: str, problems: list[str]) -> int:
    """Read for how many days questions and opinions are kept; add what is wrong to *problems*."""
    found = re.fullmatch(r"\d{1,4}", value or str(KEEP_DAYS))
    if found and int(found[0]) >= FEWEST_DAYS:
        return int(found[0])
    problems.append(f"KEEP_DAYS is “{value}”; write a number of days from {FEWEST_DAYS} to 9999.")
    return KEEP_DAYS


def read_alarm_after(value: str, problems: list[str]) -> float:
    """Read after how many seconds a digest is late; add what is wrong to *problems*."""
    found = re.fullmatch(r"(\d{1,4}) ?([mh])", (value or DIGEST_ALARM_AFTER).lower())
    if found and int(found[1]):
        return int(found[1]) * {"m": 60.0, "h": 3600.0}[found[2]]
    problems.append(f"DIGEST_ALARM_AFTER is “{value}”; write it like 30m or 2h.")
    return 0.0


def read_address(value: str, problems: list[str]) -> Address | None:
    """Read HEALTH_ADDRESS, None for off; add what is wrong to *problems*."""
    if value.lower() == "off":
        return None
    parts = re.fullmatch(r"(?:([\w.-]+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})", value, re.ASCII)
    if parts and 1 <= int(parts[3]) <= 65_535:
        return Address(parts[1] or parts[2], int(parts[3]))
    problems.append(f"HEALTH_ADDRESS is “{value}”; write it like {HEALTH_ADDRESS}, or off.")
    return None


def choice_problems(name: str, value: str, choices: tuple[str, ...]) -> list[str]:
    """Refuse a value that is not among *choices*."""
    if value in choices:
        return []
    return [f"{name} is “{value}”; choose one of {', '.join(choices)}."]
