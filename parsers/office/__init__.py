"""SANDBOX, untrusted: readers of office documents."""
