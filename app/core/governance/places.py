"""All places of the catalogue together."""

from __future__ import annotations

from typing import Final

from app.core.governance.catalogue import Field, Place, fields_of
from app.core.governance.house_places import HOUSE_PLACES
from app.core.governance.people_places import PEOPLE_PLACES
from app.core.governance.profile_places import PROFILE_PLACES
from app.core.governance.store_places import STORE_PLACES
from app.core.governance.trace_places import TRACE_PLACES

PLACES: Final[tuple[Place, ...]] = (*PEOPLE_PLACES, *PROFILE_PLACES, *TRACE_PLACES, *STORE_PLACES, *HOUSE_PLACES)


def fields() -> list[Field]:
    """Every field, people's first."""
    return list(fields_of(PLACES))
