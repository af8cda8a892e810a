"""SANDBOX, untrusted: readers of presentations."""
