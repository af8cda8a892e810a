"""HOST, trusted: everything that means "could not run". What happened to a file is an `Outcome`, never an exception.

    GloveportError                 exit 1
    ├── PrefectUnreachable         exit 1   (flows/batch.py; `gloveport run` then goes on without Prefect)
    ├── DecisionRefused            exit 2   (quarantine.py)
    ├── UnknownParser              exit 2   (reprocess.py)
    ├── ConfigurationError         exit 3
    │   └── StackError                      (stack/report.py)
    ├── SandboxUnavailable         exit 4   (never runs unsandboxed instead)
    ├── StoreError                 exit 5
    │   ├── StoreUnavailable
    │   ├── FolderMissing
    │   ├── ObjectMissing
    │   ├── ObjectChanged
    │   ├── ObjectRefused
    │   └── MassDeletionRefused             (refresh.py)
    ├── FeedError                  exit 5   (watch/feed.py)
    ├── DatabaseError              exit 6
    │   ├── LeaseLost
    │   └── BackupRefused                   (backup.py)
    └── ReconciliationError        exit 7

A class's docstring is its message template; `str(error)` is that text with the fields filled in.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The documented exit codes of the command line."""

    OK = 0
    BUG = 1
    USAGE = 2
    CONFIGURATION = 3
    SANDBOX_UNAVAILABLE = 4
    STORE_UNREACHABLE = 5
    DATABASE_REFUSED = 6
    RECONCILIATION_FAILED = 7
    QUARANTINED = 100
    DEFERRED = 101
    NOT_ENDED = 102
    INTERRUPTED = 130
    READER_GONE = 141


class GloveportError(Exception):
    """{detail}"""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, detail: str = "", *, hint: str = "", **fields: object) -> None:
        self.detail = detail
        self.hint = hint
        template = (type(self).__doc__ or "{detail}").splitlines()[0]
        super().__init__(template.format(detail=detail, **fields))


class ConfigurationError(GloveportError):
    """configuration: {detail}"""

    exit_code = ExitCode.CONFIGURATION


class SandboxUnavailable(GloveportError):
    """the sandbox is not available: {detail}"""

    exit_code = ExitCode.SANDBOX_UNAVAILABLE


class StoreError(GloveportError):
    """object store: {detail}"""

    exit_code = ExitCode.STORE_UNREACHABLE


class StoreUnavailable(StoreError):
    """object store is not reachable: {detail}"""


class FolderMissing(StoreError):
    """no such folder: {detail}"""


class ObjectMissing(StoreError):
    """object is gone: {detail}"""


class ObjectChanged(StoreError):
    """object changed while it was being read: {detail}"""


class ObjectRefused(StoreError):
    """object store: {detail}"""


class DatabaseError(GloveportError):
    """database: {detail}"""

    exit_code = ExitCode.DATABASE_REFUSED


class LeaseLost(DatabaseError):
    """another worker took over the lease: {detail}"""


class ReconciliationError(GloveportError):
    """files without a state: {detail}"""

    exit_code = ExitCode.RECONCILIATION_FAILED
