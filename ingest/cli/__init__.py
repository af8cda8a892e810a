"""HOST, trusted: the command line. One lazy module for each command; stdout is data, stderr is progress."""

import os
import select
import sys
from contextlib import suppress
from importlib import import_module

import click

from ingest import __version__

# name -> one line of help. The module of the same name is imported only when its command is used.
COMMANDS: dict[str, str] = {
    "run": "Ingest every file of a bucket or folder.",
    "watch": "Ingest uploads as they arrive, from S3 events or a folder.",
    "work": "Read what is pending, of every source, or one host's share of a run.",
    "refresh": "Bring the knowledge base up to its source: new, changed, moved, deleted.",
    "reprocess": "Read files again, after a fix of a parser or a flaw in one.",
    "search": "Search the knowledge base.",
    "quarantine": "Review, release, retry or purge what was held back.",
    "tenants": "List tenants, and set their limits.",
    "runs": "List past runs and what became of their files.",
    "cancel": "End a run on every host and remove its sandboxes.",
    "pause": "Begin no file of a source, or of any, until resumed.",
    "resume": "Take a pause back.",
    "why": "Tell the whole story of one file.",
    "reconcile": "Check that every file is in exactly one state.",
    "audit": "Verify or print the tamper-evident account.",
    "backup": "Write catalogue, knowledge base, account and documents to one file.",
    "restore": "Bring a backup back into an empty database, and prove it.",
    "images": "Build, verify or list the sandbox images.",
    "doctor": "Prove on the spot that the sandbox holds.",
    "config": "Show every setting and where its value comes from.",
    "up": "Start the embedded services: PostgreSQL, Prefect server, one worker.",
    "down": "Stop the embedded services.",
    "status": "Show the embedded services.",
    "demo": "Ingest example uploads, hostile ones included, and show what happens.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported one by one, when used: `--help` must cost nearly nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, from its own module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"ingest.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """As click does, but for pipes that break: click would end with 1 and no word, whosesoever pipe it was."""
        from ingest.errors import ExitCode, GloveportError

        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if _reader_has_gone():
                raise click.exceptions.Exit(ExitCode.READER_GONE) from None
            raise GloveportError(str(error)) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, without importing a single command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gloveport")
@click.option("-v", "--verbose", is_flag=True, envvar="GLOVEPORT_VERBOSE", help="Log details to stderr.")
def cli(verbose: bool) -> None:
    """Document ingestion with hostile-file isolation.

    Every file is parsed in a network-less, time-capped, single-use container. Good files become searchable chunks;
    hostile ones end in quarantine with evidence.
    """
    import logging

    from ingest.cli.display import PrintableFormatter

    handler = logging.StreamHandler(sys.stderr)
    # On the handler too: Prefect gives its own loggers a lower level, and they propagate.
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
    if not verbose:
        # What Prefect logs of a failed flow is a traceback of an error that is told in one line anyway.
        handler.addFilter(lambda record: not record.name.startswith("prefect"))
    logging.basicConfig(level=handler.level, handlers=[handler])


def main() -> None:
    """Entry point. Every expected failure ends as one line on stderr and the exit code its class documents."""
    from ingest.errors import ExitCode, GloveportError

    try:
        result = cli(standalone_mode=False)
        if result == ExitCode.READER_GONE:
            _write_no_more()
        sys.stdout.flush()
        sys.exit(result if isinstance(result, int) else ExitCode.OK)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("gloveport: interrupted; nothing is lost", "")
        sys.exit(ExitCode.INTERRUPTED)
    except GloveportError as error:
        _say(f"gloveport: {error}", error.hint)
        sys.exit(error.exit_code)
    except OSError as error:
        # Whoever read our output has gone, or a disk or a folder refuses: one line at most.
        gone = isinstance(error, BrokenPipeError) and _reader_has_gone()
        if not gone:
            _say(f"gloveport: {error}", "")
        _write_no_more()
        sys.exit(ExitCode.READER_GONE if gone else ExitCode.BUG)


def _write_no_more() -> None:
    """Let the interpreter's end make no second try at writing what could not be written."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more: other pipes and sockets break, too."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _say(message: str, hint: str) -> None:
    """A failure and what to do about it, on stderr; the message may quote names, so it is made printable."""
    from ingest.cli.display import printable

    with suppress(OSError):
        for line in message.split("\n"):
            click.echo(printable(line), err=True)
        if hint:
            click.echo(f"  {hint}", err=True)
