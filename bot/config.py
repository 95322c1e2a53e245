"""The bot's settings, from the environment and ``.env``: read once, checked at once, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        "COLUMN",
        "DATA_DIR",
        "EMBEDDING_MODEL",
        "ALIASES",
        "LOG_FORMAT",
        "LOG_LEVEL",
    }
)
SLACK_ITSELF = "https://slack.com/api/"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the bot is told. *slack* is None where no token is set: the loopback workspace is used."""

    index: index.config.Config
    slack: Slack | None
    log_format: str
    log_level: str

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
            log_format=log_format,
            # The loopback workspace shows its conversation in the terminal, where a log would be in the way.
            log_level=log_level or ("INFO" if slack.bot_token else "WARNING"),
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


def choice_problems(name: str, value: str, choices: tuple[str, ...]) -> list[str]:
    """Refuse a value that is not among *choices*."""
    if value in choices:
        return []
    return [f"{name} is “{value}”; choose one of {', '.join(choices)}."]
