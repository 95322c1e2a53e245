"""Slack's client as we use it: by what it judges whom it talks to."""

import ssl

from bot.client import hasty
from bot.poster import posting_client


def test_clients_judge_certificates_by_one_reading_of_whom_the_machine_trusts():
    client = posting_client("xoxb-1", "https://slack.example/api/")
    assert client.ssl.verify_mode is ssl.CERT_REQUIRED
    assert client.ssl.check_hostname
    again = posting_client("xoxb-2", "https://slack.example/api/", patient=False)
    assert hasty(client, 3, None).ssl is again.ssl is client.ssl


def test_a_workspace_on_this_machine_has_no_certificate():
    assert posting_client("xoxb-1", "http://127.0.0.1:1/api/", direct=True).ssl is None
