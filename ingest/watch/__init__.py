"""HOST, trusted: upload-triggered processing: one long-lived consumer that hears of changes and has them read."""
