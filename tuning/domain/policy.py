"""What the admins allow in the organisation: one row."""

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Policy(SQLModel, table=True):
    """Who may tune, and how much."""

    id: int = Field(default=1, primary_key=True)
    maker_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals that may make agents; empty: everybody in the organisation."""
    is_tuning_on: bool = True
    agents_per_owner: int = 10
    runs_per_day: int = 20
    retention_days: int = 730
    """How long conversations, feedback and what agents learned from are kept."""
