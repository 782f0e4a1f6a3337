"""What is wrong with the database itself is never blamed on the entry that met it."""

import pytest
from sqlalchemy import text

from hub.storage.tables import quarantine
from tests.databases import POSTGRESQL
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well

pytestmark = pytest.mark.parametrize("fresh_database", [POSTGRESQL], indirect=True)


def _run(chain: Chain, statement: str) -> None:
    with chain.hub.context.database.write() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        # a newer version migrated while this worker still runs
        ("ALTER TABLE receipts RENAME COLUMN total_minor TO total", "ALTER TABLE receipts RENAME total TO total_minor"),
        ("ALTER TABLE heads RENAME TO heads_restoring", "ALTER TABLE heads_restoring RENAME TO heads"),
        # a right taken away by mistake
        ("REVOKE INSERT ON records FROM CURRENT_USER", "GRANT INSERT ON records TO CURRENT_USER"),
        # a function that stands for a damaged index or page: internal error
        (
            "CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not read block' USING ERRCODE = 'XX001'; END $$; "
            "CREATE TRIGGER damaged BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION damaged()",
            "DROP TRIGGER damaged ON records",
        ),
    ],
)
def test_a_database_that_is_not_in_order_quarantines_nothing(chain: Chain, breaks: str, mends: str) -> None:
    _run(chain, breaks)
    for till in chain.tills.values():
        till.sell(100)
    chain.run(5_000)
    held_back = chain.hub.rows(quarantine)
    _run(chain, mends)
    assert [row.reason[:120] for row in held_back] == []
    chain.settle()
    finally_all_is_well(chain)
