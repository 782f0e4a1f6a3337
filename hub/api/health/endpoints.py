"""Endpoints of health: `/api/health` for callers, `/healthz` and `/readyz` for supervisors, `/metrics` for monitors."""

from importlib.metadata import version

from fastapi import APIRouter, Response

from hub.api.health import repository
from hub.api.health.schemas import Health, Readiness, Reason
from hub.api.parts import ApiParts, Parts
from provisioning.service.metrics import CONTENT_TYPE, page
from sync_protocol.hub_ports import StoreUnavailable

router = APIRouter(tags=["health"])


@router.get("/api/health")
def read_health(parts: Parts) -> Health:
    """Tell that the hub answers. 503 `unavailable` when its database cannot be read."""
    with parts.context.database.read() as connection:
        repository.touch(connection)
    return Health(ok=True, hub_n=parts.context.hub_n, version=version("tillsync"))


@router.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, bool]:
    """Tell that the process lives."""
    return {"alive": True}


@router.get("/readyz", include_in_schema=False)
def readyz(parts: Parts, response: Response) -> Readiness:
    """Tell whether the hub can do its job: its database answers and has the schema of this program."""
    reasons = _reasons(parts)
    response.status_code = 503 if reasons else 200
    return Readiness(ready=not reasons, reasons=reasons)


@router.get("/metrics", include_in_schema=False)
def metrics(parts: Parts) -> Response:
    """Give the metrics of this process, and the chain's state."""
    return Response(page(parts.context.metrics.registry), media_type=CONTENT_TYPE)


def _reasons(parts: ApiParts) -> list[Reason]:
    try:
        with parts.context.database.read() as connection:
            schema = repository.read_schema(connection)
    except StoreUnavailable:
        return [Reason(code="database", detail="the database does not answer; the log tells why")]
    if schema != parts.context.schema:
        detail = f"the database's schema is {schema or 'missing'}, this process began with {parts.context.schema}"
        return [Reason(code="schema", detail=f"{detail}: start it again, in the same version as the others")]
    return []
