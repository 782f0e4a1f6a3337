"""The look that the till page and the console share: one stylesheet, its icons and a few small scripts, served locally.

One rule: what stands here knows neither a till nor a hub. Both programs serve `STATIC` under `PATH`; their pages name
it by that path.
"""

from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
PATH: Final = "/look"
