"""What Pullquote costs, measured: `python -m benchmark`."""
