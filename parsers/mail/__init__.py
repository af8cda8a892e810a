"""SANDBOX, untrusted: mail: single messages, mailboxes, Outlook's files, and web pages saved as mail."""
