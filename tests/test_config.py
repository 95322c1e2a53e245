"""Settings: what is read, what is refused, and that secrets stay hidden."""

from pathlib import Path

import pytest

import bot.config
import index.config
from bot.config import Address, Rate
from index.config import ConfigError, split_column

BOT, APP = "xoxb-1-abc", "xapp-1-def"


def test_nothing_set_reads_the_samples_into_data_with_the_bundled_model():
    config = index.config.Config.from_environ({})
    assert config.column == (str(index.config.SAMPLES),)
    assert (config.data_dir, config.embedding_model) == (Path("data"), None)


def test_blank_values_count_as_not_set():
    blank = {"COLUMN": " \n", "DATA_DIR": "", "EMBEDDING_MODEL": " "}
    assert index.config.Config.from_environ(blank) == index.config.Config.from_environ({})


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        ("articles", ["articles"]),
        ("a b,c\nd", ["a", "b", "c", "d"]),
        ("'my column', https://example.org/feed.xml", ["my column", "https://example.org/feed.xml"]),
        ("a#1 /b\\ c", ["a#1", "/b c"]),
        ("a,,b,", ["a", "b"]),
    ],
)
def test_column_splits_at_space_comma_and_newline_but_not_inside_quotation_marks(value, sources):
    assert split_column(value) == sources


def test_an_open_quotation_mark_and_a_data_dir_that_is_a_file_are_both_named(tmp_path):
    file = tmp_path / "data"
    file.write_text("")
    with pytest.raises(ConfigError) as caught:
        index.config.Config.from_environ({"COLUMN": "calder's", "DATA_DIR": str(file)})
    assert [problem.split()[0] for problem in caught.value.problems] == ["COLUMN", "DATA_DIR"]


def load(**environ):
    return bot.config.Config.from_environ(environ)


def test_admins_are_ids_and_perhaps_those_of_the_workspace():
    assert load().admins == bot.config.Admins()
    assert load(ADMINS="U012AB3CD W09XY,U012AB3CD").admins.people == ("U012AB3CD", "W09XY")
    both = bot.config.Admins(people=("U012AB3CD",), workspace=True)
    assert load(ADMINS="Workspace, U012AB3CD").admins == both


def test_no_tokens_means_the_loopback_workspace():
    config = load()
    assert config.slack is None
    assert (config.log_format, config.log_level) == ("text", "WARNING")


def test_the_log_level_is_info_where_slack_is_meant():
    assert load(SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP).log_level == "INFO"


def test_both_tokens_mean_slack_itself():
    assert load(SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP).slack == bot.config.Slack(
        bot_token=BOT, app_token=APP, api_url="https://slack.com/api/"
    )


def test_the_api_url_gets_its_trailing_slash():
    config = load(SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP, SLACK_API_URL="http://127.0.0.1:3300/api")
    assert config.slack is not None
    assert config.slack.api_url == "http://127.0.0.1:3300/api/"


def test_tokens_never_show_in_repr():
    config = load(SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP)
    assert BOT not in repr(config)
    assert APP not in repr(config)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SLACK_BOT_TOKEN": BOT}, "SLACK_APP_TOKEN is missing"),
        ({"SLACK_APP_TOKEN": APP}, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT}, "have changed places"),
        (
            {"SLACK_BOT_TOKEN": "xoxp-1-user", "SLACK_APP_TOKEN": APP},
            "SLACK_BOT_TOKEN does not begin with xoxb-",
        ),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": "secret"}, "SLACK_APP_TOKEN does not begin with xapp-"),
        ({"SLACK_BOT_TOKEN": "xoxb-1 2", "SLACK_APP_TOKEN": APP}, "SLACK_BOT_TOKEN holds a character"),
        ({"SLACK_API_URL": "ftp://slack.com"}, "SLACK_API_URL is not an http"),
        ({"SLACK_API_URL": "127.0.0.1:3300"}, "SLACK_API_URL is not an http"),
        ({"SLACK_API_URL": "https://slack.com/api/?x=1"}, "SLACK_API_URL is not an http"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is “xml”"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is “LOUD”"),
        ({"ADMINS": "U012AB3CD, ada"}, "ADMINS holds “ada”, which is no member id; write ids like U012AB3CD"),
        ({"RATE_LIMIT": "ten a minute"}, "RATE_LIMIT is “ten a minute”; write it like 10/minute 100/hour"),
        ({"RATE_LIMIT": "0/minute"}, "RATE_LIMIT is “0/minute”"),
        ({"RATE_LIMIT": "10/minute off"}, "RATE_LIMIT is “10/minute off”"),
        ({"RATE_LIMIT": "10/week"}, "RATE_LIMIT is “10/week”"),
        ({"SYNC_EVERY": "hourly"}, "SYNC_EVERY is “hourly”; write it like 15m, 1h or 1d, or off."),
        ({"SYNC_EVERY": "0m"}, "SYNC_EVERY is “0m”"),
        ({"KEEP_DAYS": "1"}, "KEEP_DAYS is “1”; write a number of days from 2"),
        ({"KEEP_DAYS": "long"}, "KEEP_DAYS is “long”"),
        ({"DIGEST_ALARM_AFTER": "soon"}, "DIGEST_ALARM_AFTER is “soon”; write it like 30m or 2h."),
        ({"DIGEST_ALARM_AFTER": "0m"}, "DIGEST_ALARM_AFTER is “0m”"),
        ({"EXCERPT_SHARE": "0%"}, "EXCERPT_SHARE is “0%”"),
        ({"EXCERPT_SHARE": "101%"}, "EXCERPT_SHARE is “101%”"),
        ({"EXCERPT_SHARE": "0.25"}, "EXCERPT_SHARE is “0.25”; write a share from 1% to 100%"),
        ({"HEALTH_ADDRESS": "8080"}, "HEALTH_ADDRESS is “8080”; write it like 127.0.0.1:8717, or off"),
        ({"HEALTH_ADDRESS": "127.0.0.1:0"}, "HEALTH_ADDRESS is “127.0.0.1:0”"),
        ({"HEALTH_ADDRESS": "127.0.0.1:65536"}, "HEALTH_ADDRESS is “127.0.0.1:65536”"),
        ({"HEALTH_ADDRESS": "::1:8080"}, "HEALTH_ADDRESS is “::1:8080”"),
        ({"HEALTH_ADDRESS": "http://127.0.0.1:8080"}, "HEALTH_ADDRESS is “http://127.0.0.1:8080”"),
    ],
)
def test_each_wrong_setting_is_named(environ, said):
    with pytest.raises(ConfigError, match=said) as caught:
        load(**environ)
    assert len(caught.value.problems) == 1


def test_all_problems_come_at_once_and_none_shows_a_token():
    with pytest.raises(ConfigError) as caught:
        load(SLACK_BOT_TOKEN="xoxp-secret", LOG_FORMAT="xml", COLUMN='"')
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "COLUMN",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "LOG_FORMAT",
    ]
    assert "secret" not in str(caught.value)


def test_limits_are_read_as_people_write_them():
    limits = bot.config.Limits(rates=(Rate(10, "minute"), Rate(100, "hour")), share=0.25)
    assert load().limits == limits
    for written in ("10/minute 100/hour", "10/minute, 100/hour", "10/minute,100/hour"):
        assert load(RATE_LIMIT=written).limits == limits
    assert load(RATE_LIMIT="Off", EXCERPT_SHARE="100").limits == bot.config.Limits(rates=(), share=1.0)
    assert load(RATE_LIMIT="3/day", EXCERPT_SHARE="7 %").limits == bot.config.Limits(
        rates=(Rate(3, "day"),), share=0.07
    )


def test_spans_of_time_are_read():
    assert (load().sync_every, load().keep_days) == (3600.0, 90)
    written = {"15m": 900.0, "2H": 7200.0, "1d": 86400.0, "Off": None}
    assert {value: load(SYNC_EVERY=value).sync_every for value in written} == written
    assert load(KEEP_DAYS="30").keep_days == 30
    assert load(DIGEST_ALARM_AFTER="2h").digest_alarm_after == 7_200


def test_the_health_address_is_of_this_machine_alone_unless_it_is_said_otherwise():
    assert load().health == Address("127.0.0.1", 8717)
    assert load(HEALTH_ADDRESS="0.0.0.0:80").health == Address("0.0.0.0", 80)
    assert load(HEALTH_ADDRESS="Off").health is None


@pytest.mark.parametrize("written", ["127.0.0.1:8080", "[::1]:8080", "bot-1.example.org:9"])
def test_an_address_is_written_as_it_is_read(written):
    assert str(load(HEALTH_ADDRESS=written).health) == written


def test_hosts_and_contact_are_read_and_checked():
    config = load(ALLOW_HOSTS="news.internal, 10.0.0.7\n[::1]", CONTACT=" desk@example.org ").index
    assert config.allow_hosts == ("news.internal", "10.0.0.7", "[::1]")
    assert (config.contact, load().index.allow_hosts) == ("desk@example.org", ())
    with pytest.raises(ConfigError) as caught:
        load(ALLOW_HOSTS="http://news.internal/", CONTACT="me\r\nCookie: x")
    assert [problem.split()[0] for problem in caught.value.problems] == ["ALLOW_HOSTS", "CONTACT"]


def test_added_sources_join_the_column_and_take_the_place_of_the_samples():
    feed = "https://quay.example.org/feed"
    assert load().index.sources([]) == [str(index.config.SAMPLES)]
    assert load().index.sources([feed]) == [feed]
    assert load(COLUMN=f"articles {feed}").index.sources([feed, "x"]) == ["articles", feed, "x"]


def test_format_and_level_are_read_in_any_case():
    config = load(LOG_FORMAT="JSON", LOG_LEVEL="debug")
    assert (config.log_format, config.log_level) == ("json", "DEBUG")


def test_the_environment_wins_over_the_env_file_which_fills_the_gaps(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text(
        f"SLACK_BOT_TOKEN={BOT}\nexport SLACK_APP_TOKEN='{APP}'\nCOLUMN=from-file # note\nEMPTY\n"
    )
    config = bot.config.Config.load({"COLUMN": "from-environment"}, env_file)
    assert config.index.column == ("from-environment",)
    assert config.slack is not None
    assert (config.slack.bot_token, config.slack.app_token) == (BOT, APP)


def test_an_emptied_variable_takes_a_token_of_the_env_file_away(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text(f"SLACK_BOT_TOKEN={BOT}\nSLACK_APP_TOKEN={APP}\n")
    assert bot.config.Config.load({"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": ""}, env_file).slack is None


def test_a_missing_env_file_is_no_problem(tmp_path):
    assert bot.config.Config.load({}, tmp_path / ".env") == load()


def test_the_example_file_names_every_setting_and_changes_none(tmp_path):
    example = Path(__file__).parent.parent / ".env.example"
    assert bot.config.Config.load({}, example) == load()
    named = {line.lstrip("# ").split("=")[0] for line in example.read_text().splitlines() if "=" in line}
    assert named == bot.config.SETTINGS
