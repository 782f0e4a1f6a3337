"""What the API says about itself."""

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The hub answers, and can read its database."""

    ok: bool
    hub_n: int = Field(description="Incarnation of the hub.")
    version: str = Field(description="Version of Tillsync.")
