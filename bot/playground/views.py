"""The Web API's surfaces beside messages: modals, Home tabs, and the assistant's status and prompts."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import Any

from bot.playground.blocks import check_view
from bot.playground.interactions import Interactions
from bot.playground.team import ApiError, Json, Team, View, name_blocks


class Views:
    """Modals and Home tabs, by id."""

    def __init__(self, team: Team, interactions: Interactions) -> None:
        self._team, self._interactions = team, interactions

    def open(self, args: Json) -> Json:
        """``views.open``: costs a trigger id."""
        view = _checked(args, "modal")
        interaction = self._interactions.spend_trigger(args.get("trigger_id"))
        return self._shown(self.add(interaction.user, view))

    def push(self, args: Json) -> Json:
        """``views.push``: costs a trigger id that came from an open modal; three deep at most."""
        data = _checked(args, "modal")
        interaction = self._interactions.spend_trigger(args.get("trigger_id"))
        if interaction.view is None or interaction.view.closed:
            raise ApiError("not_found")
        return self._shown(self.add(interaction.user, data, interaction.view))

    def update(self, args: Json) -> Json:
        """``views.update`` by view id or external id; a hash guards against a stale one."""
        data = _checked(args, None)
        view = self._found(args)
        if args.get("hash") and args["hash"] != _hash(view):
            raise ApiError("hash_conflict")
        self.change(view, data)
        return self._shown(view)

    def publish(self, args: Json) -> Json:
        """``views.publish``: somebody's Home tab."""
        data = _checked(args, "home")
        user = str(args.get("user_id"))
        if user not in self._team.users:
            raise ApiError("user_not_found")
        with self._team.change():
            home = self._team.homes.get(user) or self.add(user, data)
            self._team.homes[user] = home
            self.change(home, data)
        return self._shown(home)

    def add(self, user: str, data: Json, below: View | None = None) -> View:
        """Show a new view to the person, on top of *below*."""
        if below and below.previous and below.previous != below.root:
            raise ApiError("push_limit_reached")
        view_id = self._team.new_id("V")
        with self._team.change():
            root = below.root if below else view_id
            view = View(id=view_id, user=user, data={}, root=root, previous=below.id if below else None)
            self._team.views[view_id] = view
            self.change(view, data)
        return view

    def change(self, view: View, data: Json) -> None:
        """Let the person see *data* in that view."""
        with self._team.change():
            view.data = deepcopy(data)
            name_blocks(self._team, view.blocks)

    def close(self, view: View, *, whole_stack: bool) -> None:
        """Close the view, with all others of its stack if so asked."""
        with self._team.change():
            for other in self._team.views.values():
                if other is view or (whole_stack and other.root == view.root):
                    other.closed = True

    def _found(self, args: Json) -> View:
        by_id = self._team.views.get(str(args.get("view_id")))
        external = args.get("external_id")
        named = (v for v in self._team.views.values() if external and v.data.get("external_id") == external)
        view = by_id or next(named, None)
        if view is None or view.closed:
            raise ApiError("not_found")
        return view

    def _shown(self, view: View) -> Json:
        return {"view": view_json(self._team, view)}


class Assistant:
    """``assistant.threads.*``: the status beneath a question, suggested prompts, a title."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def set_status(self, args: Json) -> Json:
        """``assistant.threads.setStatus`` below a message that is there; an empty status takes it away."""
        if not args.get("thread_ts"):
            raise ApiError("invalid_arguments")
        channel = self._team.channel(args.get("channel_id"))
        if self._team.find(channel.id, str(args["thread_ts"])) is None:
            raise ApiError("invalid_thread_ts")
        return self._keep(self._team.statuses, args, "status")

    def set_prompts(self, args: Json) -> Json:
        """``assistant.threads.setSuggestedPrompts``: four; with a thread_ts they are never shown."""
        prompts = args.get("prompts")
        if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
            raise ApiError("invalid_arguments")
        shown = self._team.prompts if not args.get("thread_ts") else []
        return self._keep(shown, args, "prompts")

    def set_title(self, args: Json) -> Json:
        """``assistant.threads.setTitle``: accepted, and shown nowhere here."""
        return self._keep([], args, "title")

    def _keep(self, kept: list[Json], args: Json, name: str) -> Json:
        channel = self._team.channel(args.get("channel_id"))
        if name not in args:
            raise ApiError("invalid_arguments")
        with self._team.change():
            at = {"channel": channel.id, "thread_ts": args.get("thread_ts"), "at": time.time()}
            kept.append(at | {name: args[name]})
        return {}


def view_json(team: Team, view: View, values: Json | None = None) -> Json:
    """Return *view* as responses and interactions show it."""
    own = {"id": view.id, "team_id": team.id, "app_id": team.app_id, "bot_id": team.bot_id}
    state = {"values": values or {}}
    links = {"root_view_id": view.root, "previous_view_id": view.previous, "hash": _hash(view)}
    defaults = {"private_metadata": "", "callback_id": "", "external_id": ""}
    return defaults | deepcopy(view.data) | own | links | {"state": state}


def _hash(view: View) -> str:
    return f"{view.id}.{abs(hash(str(view.data))):x}"


def _checked(args: Json, kind: str | None) -> Json:
    view: Any = args.get("view")
    if not isinstance(view, dict) or (kind and view.get("type") != kind):
        raise ApiError("invalid_arguments")
    check_view(view)
    return view
