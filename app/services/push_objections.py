"""Take back what stands in the Klaviyo profiles of those who have just objected, without waiting for the night.

A note is left wherever a wish is stored: by the database when Shopify's record of a customer changes, and with the
shopper's own switches when they set them. Of the noted only those who object to something are pushed: whoever wants no
mails loses everything of ours, and whoever does not want to be known gets what is popular instead.
"""

from __future__ import annotations

import time

from app import jobs
from app.core.ids import CustomerId
from app.core.profiles.consent import Purpose, allowed
from app.core.shops import Shop
from app.ports.push import MailPerson
from app.services.bulk_metafields import Wait
from app.services.push_profiles import Done, Ports, push_profiles


def push_objections(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> Done:
    """Work off the notes; one that is left while this runs waits for the next.

    Raises:
        As `push_profiles`; the notes wait.
    """
    done = Done()
    while notes := ports.due.waiting(shop.id, jobs.PUSH_OBJECTIONS_DUE):
        if ports.settings.of(shop.id).push:
            noted = list(dict.fromkeys(CustomerId(int(note.partition("/")[0])) for note in notes))
            people = ports.picking.people.of(shop.id, noted)
            objecting = [one for one in noted if one in people and _objects(people[one])]
            if objecting:
                more = push_profiles(shop, ports, only=objecting, wait=wait)
                done = Done(done.pushed + more.pushed, done.refused + more.refused, done.withdrawn + more.withdrawn)
        for note in notes:
            ports.due.done(shop.id, jobs.PUSH_OBJECTIONS_DUE, note)
    return done


def _objects(person: MailPerson) -> bool:
    return not all(allowed(purpose, person.consent) for purpose in (Purpose.EMAIL, Purpose.PERSONALISE))
