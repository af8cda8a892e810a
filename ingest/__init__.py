"""HOST, trusted: moves bytes and decisions; never parses an upload."""

__version__ = "0.1.0"
