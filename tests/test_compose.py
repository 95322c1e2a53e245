"""compose.yaml, without an engine: it agrees with the Dockerfile, the settings and the bot itself."""

import inspect
import re
from pathlib import Path

import pytest
import yaml
from test_dockerfile import BUILD, ROOT, environment, last

from bot.config import HEALTH_ADDRESS, SETTINGS
from bot.connector import LAST_ACKS
from bot.status import FAREWELL, PATIENCE, WATCH
from bot.syncing import GRACE
from bot.worker import POLL, Workers

TEXT = (ROOT / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
[BOT] = COMPOSE["services"].values()


def mounts():
    """Return what is mounted, as target: (source, whether it is read only)."""
    parts = [volume.split(":") for volume in BOT["volumes"]]
    return {target: (source, mode == ["ro"]) for source, target, *mode in parts}


def test_the_data_folder_is_a_named_volume_and_the_one_that_the_image_declares():
    source, read_only = mounts()[BOT["environment"]["DATA_DIR"]]
    assert (source in COMPOSE["volumes"], read_only) == (True, False)
    assert BOT["environment"]["DATA_DIR"] == last("VOLUME") == environment()["DATA_DIR"]


def test_nothing_else_can_be_written_to_but_what_is_temporary():
    assert BOT["read_only"] is True
    assert [target for target, (_, read_only) in mounts().items() if not read_only] == ["/data"]
    assert BOT["tmpfs"] == "/tmp"
    assert all(source.startswith("./") for source, read_only in mounts().values() if read_only)


def test_it_runs_as_the_images_user_with_no_rights_besides():
    assert "user" not in BOT
    assert int(last("USER")) > 0
    assert (BOT["cap_drop"], BOT["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert {"privileged", "cap_add", "network_mode", "pid"}.isdisjoint(BOT)


def test_the_settings_are_those_of_the_env_file_and_what_is_set_besides_is_a_setting():
    assert BOT["env_file"] == ".env"
    assert set(BOT["environment"]) <= SETTINGS
    asked = dict(re.findall(r"\$\{(\w+):([?-])[^}]*\}", TEXT))
    assert asked == {"PIP_EXTRA_INDEX_URL": "-", "SLACK_BOT_TOKEN": "?", "SLACK_APP_TOKEN": "?"}
    assert not re.search(r"xox|xapp", TEXT)


def test_the_build_is_given_what_the_dockerfile_asks_for():
    assert BOT["build"]["context"] == "."
    assert set(BOT["build"]["args"]) == {rest.split("=")[0] for word, rest in BUILD if word == "ARG"}


def test_it_is_started_again_and_its_health_is_asked_for_as_the_image_says():
    assert BOT["restart"] == "unless-stopped"
    assert "healthcheck" not in BOT
    assert "/healthz" in last("HEALTHCHECK")
    assert "command" not in BOT
    assert "ports" not in BOT


def test_it_is_given_the_time_that_it_takes_to_stop():
    grace = inspect.signature(Workers).parameters["grace"].default
    longest = max(grace + 3 * POLL, GRACE) + (WATCH + PATIENCE) + FAREWELL + LAST_ACKS / 100
    assert int(BOT["stop_grace_period"].removesuffix("s")) > longest


@pytest.mark.parametrize("port", re.findall(r":(\d{4,5})\b", TEXT))
def test_the_port_in_its_comments_is_the_bots(port):
    assert HEALTH_ADDRESS.endswith(f":{port}")


def test_what_is_mounted_goes_by_the_name_that_its_comment_and_the_readme_give():
    [column] = [target for target, (source, _) in mounts().items() if source == "./column"]
    for text in (TEXT, (Path(ROOT) / "README.md").read_text("utf-8")):
        assert f"COLUMN={column}" in text
