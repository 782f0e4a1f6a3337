"""What the demo shows while it runs: a table and a bar on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Final, NamedTuple, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PLAIN_EVERY_S: Final = 3.0
NOTES_MAX: Final = 6


class StoreRow(NamedTuple):
    """One store as it stands now."""

    name: str
    till: str
    sold: int
    lag: int
    is_dark: bool
    refused: int


class Screen:
    """Shows progress; a no-op look at a terminal that is none."""

    def __init__(self, total: int) -> None:
        self.console = Console(highlight=False)
        self._is_terminal = self.console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        self._task = self._progress.add_task("sales", total=total)
        self._live = Live(console=self.console, refresh_per_second=4) if self._is_terminal else None
        self._notes: list[str] = []
        self._plain_at_s = 0.0
        self._started_s = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing; what was shown last stays."""
        if self._live is not None:
            self._live.stop()

    def say(self, text: str, style: str = "") -> None:
        """Print a line, however wide it is."""
        self.console.print(text, style=style, soft_wrap=True, markup=False)

    def note(self, text: str) -> None:
        """Tell of something that happened."""
        stamp = f"{time.monotonic() - self._started_s:6.1f} s"
        self._notes = [*self._notes[1 - NOTES_MAX :], f"{stamp}  {text}"]
        if self._live is None:
            self.say(f"{stamp}  {text}")

    def show(self, rows: list[StoreRow]) -> None:
        """Show how the stores stand."""
        sold = sum(row.sold for row in rows)
        self._progress.update(self._task, completed=sold)
        if self._live is not None:
            notes = Text("\n".join(self._notes), style="dim")
            self._live.update(Group(_table(rows), self._progress, notes))
            return
        now_s = time.monotonic()
        if now_s - self._plain_at_s >= PLAIN_EVERY_S:
            self._plain_at_s = now_s
            parts = [
                f"{row.name} {row.sold}{' DARK' if row.is_dark else ''}{f' (waiting {row.lag})' if row.lag else ''}"
                for row in rows
            ]
            self.note(f"{sold} sales: " + ", ".join(parts))


def _table(rows: list[StoreRow]) -> Table:
    table = Table(expand=False)
    for heading, align in (("store", "left"), ("line", "left"), ("till page", "left")):
        table.add_column(heading, justify=align)  # type: ignore[arg-type]  # rich names the words only in a Literal
    for heading in ("sold", "waiting for hub", "refused"):
        table.add_column(heading, justify="right")
    for row in rows:
        line = Text("○ dark", style="bold yellow") if row.is_dark else Text("● online", style="green")
        table.add_row(row.name, line, row.till, str(row.sold), str(row.lag), str(row.refused))
    return table
