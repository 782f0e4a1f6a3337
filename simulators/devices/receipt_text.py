"""A receipt as text: the events of a printer as lines, for transcripts, tests and screens.

One rule: what stands on the paper, where it stands; styles and sizes are left out.
"""

from collections.abc import Iterable

from simulators.devices.escpos_events import (
    FONT_A_DOTS,
    Align,
    Event,
    ImagePrinted,
    PaperFed,
    PrintedLine,
    QrPrinted,
)


def transcribe(events: Iterable[Event], columns: int) -> str:
    """Write what was printed as lines of text, a code as ``[QR]`` and its data, a picture as its size."""
    lines: list[str] = []
    for event in events:
        match event:
            case PrintedLine():
                lines.append(_place(event, columns))
            case PaperFed(_, count):
                lines.extend([""] * count)
            case QrPrinted(data):
                lines.append(f"[QR] {data.decode('utf-8', errors='replace')}")
            case ImagePrinted(width_bytes, height_dots):
                lines.append(f"[image {width_bytes * 8} x {height_dots} dots]")
            case _:
                pass
    return "\n".join(lines)


def _place(line: PrintedLine, columns: int) -> str:
    """Place a line as it stands on the paper, double size shown at single size."""
    width_dots = sum(len(run.text) * run.style.base_dots[0] for run in line.runs)
    free_columns = max(0, columns - width_dots // FONT_A_DOTS[0])
    indent = {Align.LEFT: 0, Align.CENTRE: free_columns // 2, Align.RIGHT: free_columns}[line.align]
    return (" " * indent + line.text).rstrip(" ")
