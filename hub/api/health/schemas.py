"""What the API says about itself."""

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The hub answers, and can read its database."""

    ok: bool
    hub_n: int = Field(description="Incarnation of the hub.")
    version: str = Field(description="Version of Tillsync.")


class Reason(BaseModel):
    """One thing that keeps the hub from doing its job."""

    code: str = Field(description="`database` or `schema`.")
    detail: str = Field(description="What is wrong, and what to do.")


class Readiness(BaseModel):
    """Whether the hub can do its job."""

    ready: bool
    reasons: list[Reason]
