"""HOST, trusted: engines that run one job in one fresh sandbox and tell what they saw from outside."""
