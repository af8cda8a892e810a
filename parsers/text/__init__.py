"""SANDBOX, untrusted: plain text in any common encoding, delimited tables, JSON."""
