"""Endpoints of members."""

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.members import repository, service
from hub.api.members.schemas import MemberPage, MemberView
from hub.api.paging import After, IdInPath, Limit, cut_page
from hub.api.parts import ApiParts, Parts
from hub.errors import NotFound
from hub.personal import blind
from hub.storage.people import find_members, roots_of

router = APIRouter(prefix="/api/members", tags=["members"])

ExternalId = Annotated[
    str | None,
    Query(max_length=200, description="Only the person with this card, looked up by its keyed hash."),
]


@router.get("")
def list_members(parts: Parts, after: After = None, limit: Limit = 100, external_id: ExternalId = None) -> MemberPage:
    """List people by id, the ids joined to them inside; or look one up by card."""
    if external_id is not None:
        return _find(parts, external_id)
    with parts.context.database.read() as connection:
        found = repository.read_root_ids(connection, after, limit + 1)
        roots, next_after = cut_page(found, limit, str)
        members = service.summaries(connection, parts.context.keys, roots)
    return MemberPage(members=members, next_after=next_after)


def _find(parts: ApiParts, external_id: str) -> MemberPage:
    index = blind(parts.blind_index_key, "card", external_id)
    with parts.context.database.read() as connection:
        ids = find_members(connection, "card", index)
        roots = sorted(set(roots_of(connection, ids).values()))
        members = service.summaries(connection, parts.context.keys, roots)
    return MemberPage(members=members, next_after=None)


@router.get("/{member}")
def read_member(member: IdInPath, parts: Parts) -> MemberView:
    """Read one person by any of their ids, with accounts, coupons and latest receipts."""
    with parts.context.database.read() as connection:
        row = repository.read_members(connection, [member]).get(member)
        if row is None:
            raise NotFound(f"there is no member {member}")
        return service.view_member(connection, parts.context.keys, row.root)
