"""HOST, trusted: the chunks people and agents search, replaced a whole document at a time."""
