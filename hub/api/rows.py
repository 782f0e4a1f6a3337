"""The type of database rows whose columns are read by name."""

from typing import Any

from sqlalchemy import Row

AnyRow = Row[*tuple[Any, ...]]
