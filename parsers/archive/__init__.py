"""SANDBOX, untrusted: archives and compressed files: what is in them leaves the sandbox, unread, and is listed."""
