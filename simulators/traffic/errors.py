"""What can go wrong with shopping traffic as a whole.

    TrafficError
    ├── SettingError              a number of stores or receipts that makes no sense
    ├── RecordingNotFoundError    no such file, or a folder in which the file is not plain to see
    ├── RecordingUnreadableError  not CSV, not UTF-8, not gzip, empty
    ├── PresetUnknownError        no preset of that name
    └── MappingError              fields not mapped, or mapped to columns that are not there

Every one of them is for the person who started the run: trying again without a change does not help. A single bad
row is none of them; it is a `baskets.Rejected` and the run goes on.
"""

from pathlib import Path


class TrafficError(Exception):
    """Root of this package's errors."""


class SettingError(TrafficError):
    """A setting lies outside its range."""


class RecordingNotFoundError(TrafficError):
    """There is no recording at `path`, or more than one that could be meant."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class RecordingUnreadableError(TrafficError):
    """The file at `path` cannot be read as CSV to its end, so no receipt in it can be trusted to be whole."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class PresetUnknownError(TrafficError):
    """No preset is called `preset`."""

    def __init__(self, preset: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no preset is called {preset!r}; there are: {', '.join(known)}")
        self.preset = preset
        self.known = known


class MappingError(TrafficError):
    """The fields asked for and the file's columns do not meet.

    `missing` holds the fields that are not mapped, or whose column the file does not have; `columns` the file's own.
    """

    def __init__(self, message: str, missing: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing
        self.columns = columns
