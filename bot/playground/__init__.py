"""A Slack workspace on loopback, for trying the bot and for its tests. Knows Slack, not the bot."""
