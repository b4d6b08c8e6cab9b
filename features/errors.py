"""The tree of errors that a user can meet.

    LadderError
    ├── SettingsError        an unknown key or an impossible value in the settings
    │   └── PluginFailed         what a package or module of one's own adds has failed
    ├── SourceError          the data cannot be used as they are
    │   ├── SourceUnreadable     no such folder, no such database, a file of another kind
    │   ├── ColumnMissing        a required column is not there
    │   └── TooManyBadRows       more of a table was set aside than the settings allow
    ├── NotEnoughData        the data are sound, but too few for the task
    ├── ShapeMismatch        arrays that must describe the same things do not (a mistake in code)
    ├── BundleError          a model on disk cannot be trusted: damaged, or made for another catalogue
    ├── RegistryError        the model registry cannot answer, or has no such version
    ├── ClusterError         the Dask cluster cannot be reached, or lost its workers
    ├── InvalidRequest       what was asked cannot be done as it was asked; names the field that is wrong
    ├── NotReady             what was asked needs a model, scores or a store that is not there yet
    ├── DeadlinePassed       work that nobody waits for any more has ended itself
    └── StoreError           the store of scores and feedback cannot be used
        ├── StoreFull            no disk space is left for the store
        └── StoreReplaced        the store's file was moved or replaced while it was open

A message says what is wrong, what was found and what to do, in that order. The command line prints it
without a traceback and ends with exit status 1; the service answers it as JSON.
"""


class LadderError(Exception):
    """Root of the tree: catch this one where errors are reported to a person."""


class SettingsError(LadderError):
    """An unknown key or an impossible value in the settings."""


class PluginFailed(SettingsError):
    """A feature, predictor or other function that a package or module of one's own adds has failed."""


class SourceError(LadderError):
    """The data cannot be used as they are."""


class SourceUnreadable(SourceError):
    """No such folder, no such database, or a file that is not what its name says."""


class ColumnMissing(SourceError):
    """A required column is not in the table."""


class TooManyBadRows(SourceError):
    """More rows of one table were set aside than the settings allow."""


class NotEnoughData(LadderError):
    """The data are sound, but too few for the task."""


class ShapeMismatch(LadderError):
    """Arrays that must describe the same snapshots or events have different lengths."""


class BundleError(LadderError):
    """A model on disk is damaged, incomplete, or was made for another feature catalogue."""


class RegistryError(LadderError):
    """The model registry cannot be reached, or has no such version."""


class ClusterError(LadderError):
    """The Dask cluster cannot be reached, runs another program, or has lost its workers."""


class InvalidRequest(LadderError):
    """A request that cannot be carried out as it stands: a name that nobody knows, a time that cannot be read.

    code : a fixed word for programs, such as `unknown_owner`.  field : what is wrong, such as `owner` or
        `override.will_switch`; None = the whole of it.
    """

    def __init__(self, message: str, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.field = code, field


class NotReady(LadderError):
    """A request that needs a model, scores or a store that is not there yet."""


class DeadlinePassed(LadderError):
    """Work that took longer than whoever asked for it waits; it has ended itself."""


class StoreError(LadderError):
    """The store of scores and feedback cannot be reached, holds something else, or was written by a newer program."""


class StoreFull(StoreError):
    """No disk space is left for the store; nothing was written."""


class StoreReplaced(StoreError):
    """Where the store's file was there is none any more, or another one: what is written now nobody would find."""
