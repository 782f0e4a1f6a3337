"""Endpoints of the programme."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request

from hub.api.parts import Parts
from hub.api.programme import repository
from hub.api.programme.schemas import ProgrammeDocument, ProgrammeWritten
from hub.errors import BadDocument, NotFound
from loyalty.programme import Programme, decode_programme

router = APIRouter(prefix="/api/programme", tags=["programme"])

_BODY_DOCS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ProgrammeDocument"}}},
    }
}


async def _raw_body(request: Request) -> bytes:
    return await request.body()


def _shown(programme: Programme) -> ProgrammeDocument:
    return ProgrammeDocument.model_validate(msgspec.to_builtins(programme))


@router.get("")
def read_programme(parts: Parts) -> ProgrammeDocument:
    """Read the chain's programme. 404 `not-found` before one was written."""
    with parts.context.database.read() as connection:
        programme = repository.read_programme(connection)
    if programme is None:
        raise NotFound("this chain has no programme yet")
    return _shown(programme)


@router.put("", openapi_extra=_BODY_DOCS)
def write_programme(body: Annotated[bytes, Depends(_raw_body)], parts: Parts) -> ProgrammeWritten:
    """Write the chain's programme, whole; all stores get it. 422 `bad-document` names the field at fault."""
    try:
        programme = decode_programme(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadDocument(f"programme: {error}"[:500]) from error
    context = parts.context
    changed = context.database.transact(
        lambda connection: repository.write_programme(connection, context.hub_n, programme, parts.now_ms())
    )
    if changed:
        context.wake()
    return ProgrammeWritten(changed=changed, programme=_shown(programme))
