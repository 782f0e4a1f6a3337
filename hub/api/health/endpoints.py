"""Endpoint of health."""

from importlib.metadata import version

from fastapi import APIRouter

from hub.api.health import repository
from hub.api.health.schemas import Health
from hub.api.parts import Parts

router = APIRouter(prefix="/api/health", tags=["health"])


@router.get("")
def read_health(parts: Parts) -> Health:
    """Tell that the hub answers. 503 `unavailable` when its database cannot be read."""
    with parts.context.database.read() as connection:
        repository.touch(connection)
    return Health(ok=True, hub_n=parts.context.hub_n, version=version("tillsync"))
