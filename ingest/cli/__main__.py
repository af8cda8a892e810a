"""HOST, trusted: `python -m ingest.cli`, for a checkout whose `gloveport` command is not on the path."""

from ingest.cli import main

if __name__ == "__main__":
    main()
