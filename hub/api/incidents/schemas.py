"""What the API says about incidents: what was kept apart, and what staff should look at."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.api.paging import RowPage


class DeadLetter(BaseModel):
    """A payload that could not be opened or accepted. It stops nothing else."""

    id: int
    at_ms: int = Field(description="When it came, ms since 1970.")
    actor: str = Field(description="Node whose topic it came on.")
    channel: str = Field(description="Channel of that topic: `up` or `rpc`.")
    code: str = Field(description="Why, for machines.")
    reason: str = Field(description="Why, in words.")
    payload_bytes: int = Field(description="Size of the payload, which is kept.")


class DeadLetterPage(RowPage):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]


class QuarantinedEntry(BaseModel):
    """An entry that could not be applied. Its node is held until staff have settled it."""

    actor: str = Field(description="Node that wrote it.")
    number: int = Field(description="Number of the entry.")
    reason: str = Field(description="Why it could not be applied.")
    at_ms: int = Field(description="When it came, ms since 1970.")
    hash: str = Field(description="SHA-256 of its bytes, in hexadecimal.")
    data_bytes: int = Field(description="Size of the entry, which is kept.")
    settled_ms: int | None = Field(description="When staff settled it, ms since 1970; null: it waits.")
    settled_note: str | None = Field(description="What staff wrote on it.")


class QuarantineList(BaseModel):
    """Entries in quarantine: those that wait first, then by time, newest first; at most 1,000."""

    entries: list[QuarantinedEntry]


class Settlement(BaseModel):
    """What staff decided on an entry in quarantine."""

    model_config = ConfigDict(strict=True, extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1,
        max_length=1_000,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$",
        description="What was found and done, for whoever reads it later.",
    )


class Settled(BaseModel):
    """A settled entry, and where its node stands now."""

    entry: QuarantinedEntry
    actor_state: str | None = Field(description="State of the node: `active` once nothing of it waits any more.")


class Alarm(BaseModel):
    """Something that staff should look at."""

    id: int
    at_ms: int = Field(description="When it was raised, ms since 1970.")
    kind: str = Field(description="Kind, for machines.")
    detail: str = Field(description="What happened, in words.")


class AlarmPage(RowPage):
    """Alarms, newest first."""

    alarms: list[Alarm]
