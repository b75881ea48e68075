"""Import a file of another system: once, whatever it is called, and as often as it takes after a kill.

A delivery is known by its source and its content. One that was taken in is not opened again; one that was broken off is
taken in from the beginning, and the stores leave alone what they have. One at a time is taken in for a shop and source.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.errors import Busy
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.rows import BadFile
from app.core.sources.values import DayOrder
from app.ports import Claims, Clock, Jobs
from app.ports.sources import SourceDeliveries, SourceDelivery, SourceFile
from app.services import take_in as taking_in
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "import "
CLAIM_S: Final = 45.0


@dataclass(frozen=True, slots=True)
class Ports:
    taking_in: taking_in.Ports
    deliveries: SourceDeliveries
    claims: Claims
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class Imported:
    """`known`: the same content had been taken in before, and nothing was done now."""

    delivery: SourceDelivery
    known: bool = False


def delivery_id(source: Source, digest: str) -> str:
    """The same for the same content of the same source."""
    return hashlib.sha256(f"{source}:{digest}".encode()).hexdigest()[:32]


def import_source(
    shop: Shop,
    source: Source,
    file: SourceFile,
    *,
    by: str,
    ports: Ports,
    order: DayOrder | None = None,
    checkpoint: Checkpoint = carry_on,
) -> Imported:
    """Take the file in, and have the quality of the source measured anew.

    Args:
        by: who brings it, for the register.
        order: how days such as 03/04/2026 are meant; the file's own days decide where it is not said.

    Raises:
        Busy: another file of this source is being taken in.
        BadFile: nothing of it can be used, or it breaks off; the register says so.
        Retryable: it can be taken in again later.
    """
    id = delivery_id(source, file.digest())
    with ports.claims.keep(shop.id, f"{CLAIM}{source}", seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"another file of {source} is being taken in; wait until it is done")
        now = ports.clock.now()
        known = ports.deliveries.begin(shop.id, id, source, name=file.name, size=file.size, by=by, at=now)
        if known is not None:
            return Imported(known, known=True)
        checkpoint("begun")
        try:
            report = taking_in.take_in(
                shop.id,
                source,
                file.rows(),
                delivery=id,
                now=now,
                ports=ports.taking_in,
                order=order or file.day_order(),
                checkpoint=checkpoint,
            )
        except BadFile as error:
            ports.deliveries.fail(shop.id, id, str(error), at=ports.clock.now())
            raise
        report.notes += file.notes()
        ports.deliveries.finish(shop.id, id, report, at=ports.clock.now())
    checkpoint("finished")
    ports.jobs.enqueue(jobs.MEASURE_SOURCES, shop.id)
    done = ports.deliveries.one(shop.id, id)
    assert done is not None
    return Imported(done)
