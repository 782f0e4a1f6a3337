"""Long lists in pages: the parameters that every list takes, and cutting a page off.

One rule: a page goes on after a key, never at an offset, so that what is added meanwhile neither repeats nor hides a
row.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, Field

ID_PATTERN: Final = r"^[\x21-\x7e]{1,160}$"
ROW_ID_MAX: Final = 2**63 - 1

Row = TypeVar("Row")

IdInPath = Annotated[str, Path(pattern=ID_PATTERN)]
After = Annotated[
    str | None, Query(pattern=ID_PATTERN, description="Go on after this: `next_after` of the page before.")
]
AfterRow = Annotated[
    int | None, Query(ge=1, le=ROW_ID_MAX, description="Go on after this: `next_after` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=1_000, description="At most so many rows.")]
LongLimit = Annotated[int, Query(ge=1, le=10_000, description="At most so many rows.")]


class Page(BaseModel):
    """What all pages of text keys share."""

    next_after: str | None = Field(description="Pass it as `after` to go on; null on the last page.")


class RowPage(BaseModel):
    """What all pages of numbered rows share."""

    next_after: int | None = Field(description="Pass it as `after` to go on; null on the last page.")


Key = TypeVar("Key", str, int)


def cut_page(rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> tuple[Sequence[Row], Key | None]:
    """Cut a page of `limit` rows off rows of which one more was read; give it with the key to go on after."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], key(rows[limit - 1])
