"""Several workers on one database: leases of partitions, and marks that are for one partition alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the leases; let marks name a partition."""
    op.create_table(
        "leases",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_partition", sa.Integer(), nullable=False),
        sa.Column("last_partition", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("pid_started", sa.BigInteger(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
    )
    op.add_column("marks", sa.Column("partition", sa.Integer(), nullable=True))
    # Marks that stand there were for whoever came first: let everybody's expansion look at them again.
    op.execute("UPDATE marks SET stream = '' WHERE stream <> ''")


def downgrade() -> None:
    """Drop the leases; marks are for everybody again."""
    op.drop_column("marks", "partition")
    op.drop_table("leases")
