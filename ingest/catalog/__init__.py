"""HOST, trusted: what gloveport knows of every file, in PostgreSQL: the truth of which every report is a view."""
