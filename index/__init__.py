"""The column: read, cut, embedded, stored, searched and answered from. Knows nothing of Slack."""
