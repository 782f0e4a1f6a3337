"""Endpoint of balances."""

from fastapi import APIRouter

from hub.api.balances import repository
from hub.api.balances.schemas import AccountBalance, BalancePage
from hub.api.paging import After, LongLimit, cut_page
from hub.api.parts import Parts

router = APIRouter(prefix="/api/balances", tags=["balances"])


@router.get("")
def list_balances(parts: Parts, after: After = None, limit: LongLimit = 1_000) -> BalancePage:
    """List the balance of every account, points and coupons, by account."""
    with parts.context.database.read() as connection:
        rows = repository.read_page(connection, after, limit + 1)
    rows, next_after = cut_page(rows, limit, lambda row: str(row.account))
    balances = [AccountBalance.model_validate(row, from_attributes=True) for row in rows]
    return BalancePage(balances=balances, next_after=next_after)
