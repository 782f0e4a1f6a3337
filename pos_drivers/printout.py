"""What can be put on receipt paper: plain frozen values, knowing neither bytes nor ports nor sales.

A printout is a sequence of elements, top to bottom. ``layout.lay_out`` breaks it into lines; ``escpos.encode`` turns those
into bytes and ``layout.receipt_to_text`` into text for a screen. Text may hold any Unicode whatever; only numbers and
sizes are checked here, with ``IllegalRequestError``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from pos_drivers.errors import IllegalRequestError

type_of_pin = Literal[2, 5]
