"""SANDBOX, untrusted: Office files encrypted with a password known to all, so that they only forbid changes."""
