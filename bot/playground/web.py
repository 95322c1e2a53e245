"""The door of the Web API: reads a call, checks token and scope, lets due faults happen, keeps a record."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.playground.faults import Fault, Faults
from bot.playground.interactions import Interactions
from bot.playground.posting import Posting
from bot.playground.reading import Reading
from bot.playground.sockets import Sockets
from bot.playground.team import ApiError, Call, Json, Team
from bot.playground.views import Assistant, Views

Method = Callable[[Json], Json]

_STRUCTURES = {"blocks": "invalid_blocks", "attachments": "invalid_attachments", "view": "invalid_arguments"}
_STRUCTURES |= {"metadata": "invalid_metadata_format", "prompts": "invalid_arguments"}


class WebApi:
    """Answers ``/api/METHOD`` and response URLs for one app."""

    def __init__(
        self, team: Team, sockets: Sockets, faults: Faults, interactions: Interactions, views: Views
    ) -> None:
        self._team, self._sockets, self._faults = team, sockets, faults
        self._interactions = interactions
        self._methods = self._table(views)

    def _table(self, views: Views) -> dict[str, tuple[Method, str | None]]:
        """Each method with the scope that it needs; ``{}`` is the kind of the channel it is about."""
        posting, reading, assistant = (
            Posting(self._team, self._sockets),
            Reading(self._team),
            Assistant(self._team),
        )
        return {
            "api.test": (lambda args: {"args": args}, None),
            "auth.test": (self._auth_test, None),
            "apps.connections.open": (self._open_connection, None),
            "chat.postMessage": (posting.post_message, "chat:write"),
            "chat.postEphemeral": (posting.post_ephemeral, "chat:write"),
            "chat.update": (posting.update, "chat:write"),
            "chat.delete": (posting.delete, "chat:write"),
            "reactions.add": (posting.add_reaction, "reactions:write"),
            "reactions.remove": (posting.remove_reaction, "reactions:write"),
            "conversations.info": (reading.info, "{}:read"),
            "conversations.members": (reading.members, "{}:read"),
            "conversations.history": (reading.history, "{}:history"),
            "conversations.replies": (reading.replies, "{}:history"),
            "conversations.open": (reading.open, "im:write"),
            "users.info": (reading.user, "users:read"),
            "users.conversations": (reading.own_conversations, "channels:read"),
            "usergroups.list": (reading.usergroups, "usergroups:read"),
            "usergroups.users.list": (reading.usergroup, "usergroups:read"),
            "views.open": (views.open, None),
            "views.push": (views.push, None),
            "views.update": (views.update, None),
            "views.publish": (views.publish, None),
            "assistant.threads.setStatus": (assistant.set_status, "chat:write"),
            "assistant.threads.setSuggestedPrompts": (assistant.set_prompts, "assistant:write"),
            "assistant.threads.setTitle": (assistant.set_title, "assistant:write"),
        }

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one Web API call."""
        method = request.match_info["method"]
        args = await _read(request)
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() or str(args.get("token") or "")
        args.pop("token", None)
        return await self._faulted(method, args, request, lambda: self._run(method, token, args))

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer one use of a response URL."""
        body = await _read(request)
        return await self._faulted(
            "response_url", body, request, lambda: self._interactions.respond(request.path, body)
        )

    async def _faulted(
        self, target: str, args: Json, request: web.Request, run: Callable[[], Json]
    ) -> web.StreamResponse:
        fault = self._faults.take(target) or Fault()
        await asyncio.sleep(fault.delay)
        call, pause = self._record(target, args, fault, run)
        if fault.reset and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": str(pause)} if pause is not None else {}
        headers["x-oauth-scopes"] = ",".join(sorted(self._team.scopes))
        return web.json_response(call.answer, status=call.status, headers=headers)

    def _record(
        self, target: str, args: Json, fault: Fault, run: Callable[[], Json]
    ) -> tuple[Call, int | None]:
        """Carry the call out and write it down in one: whoever sees its effect also sees the call."""
        with self._team.change():
            answer = _attempt(run) if fault.accept or not fault.fails else {}
            if fault.fails:
                answer = {
                    "ok": False,
                    "error": fault.error or "internal_error",
                    "retry_after": fault.retry_after,
                }
            pause = answer.pop("retry_after", None)
            status = fault.status or _status(target, answer)
            call = Call(method=target, args=args, at=time.time(), answer=answer, status=status)
            self._team.calls.append(call)
        return call, pause

    def _run(self, method: str, token: str, args: Json) -> Json:
        if method not in self._methods:
            raise ApiError("unknown_method", req_method=method)
        run, scope = self._methods[method]
        if method != "api.test":
            self._check_token(method, token)
        for name, error in _STRUCTURES.items():
            args[name] = _structure(args.get(name), error)
            if args[name] is None:
                del args[name]
        self._check_scope(scope, args)
        return {"ok": True, **run(args)}

    def _check_token(self, method: str, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in (self._team.bot_token, self._team.app_token):
            raise ApiError("invalid_auth")
        if (token == self._team.app_token) != method.startswith("apps."):
            raise ApiError("not_allowed_token_type")

    def _check_scope(self, scope: str | None, args: Json) -> None:
        if scope and "{}" in scope:
            scope = scope.format(self._team.channel(args.get("channel")).kind)
        if scope and scope not in self._team.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(self._team.scopes)))

    def _auth_test(self, _args: Json) -> Json:
        team = self._team
        own = {"user_id": team.bot.id, "bot_id": team.bot_id, "user": team.bot.name}
        return own | {"team_id": team.id, "team": team.name, "url": f"{team.base_url}/"}

    def _open_connection(self, _args: Json) -> Json:
        url = self._team.base_url.replace("http:", "ws:", 1)
        return {"url": f"{url}/link?ticket={self._sockets.ticket()}&app_id={self._team.app_id}"}


async def _read(request: web.Request) -> Json:
    """Return the arguments, however they were sent: query, form, multipart or JSON."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            return args
        return args | body if isinstance(body, dict) else args
    return args | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _structure(value: Any, error: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise ApiError(error) from None


def _attempt(run: Callable[[], Json]) -> Json:
    try:
        return run()
    except ApiError as error:
        return {"ok": False, "error": error.error, **error.details}


def _status(target: str, answer: Json) -> int:
    if answer.get("error") == "ratelimited":
        return 429
    if target == "response_url" and not answer["ok"]:
        return 404 if answer["error"].endswith("_url") else 400
    return 200
