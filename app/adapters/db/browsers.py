"""Whose browsers stand behind orders: one question in SQL for who is erased, who is exported, and who objects.

A browser goes by two ids, and a person may have several browsers, which a sign-in makes known as one unit of
experiments: links are followed until nothing new is found.
"""

from __future__ import annotations

from typing import Final

_BEHIND: Final = """
    WITH RECURSIVE direct (visitor, client) AS (
        SELECT nullif(visitor, ''), nullif(client, '') FROM visitor_orders WHERE order_id {these}
        UNION
        SELECT d.visitor, NULL FROM order_lines l JOIN decisions d ON d.request_id = l.request_id
        WHERE l.order_id {these}
        UNION
        SELECT c.visitor, c.client FROM order_lines l JOIN clicks c ON c.request_id = l.request_id
        WHERE l.order_id {these}
    ), known (visitor, client) AS (
        SELECT visitor, client FROM direct
        UNION
        SELECT p.visitor, p.client FROM known k CROSS JOIN LATERAL (
            SELECT c.visitor, c.client FROM visitor_clients c WHERE c.visitor = k.visitor OR c.client = k.client
            UNION ALL SELECT d.unit, NULL FROM decisions d WHERE d.visitor = k.visitor AND d.unit IS NOT NULL
            UNION ALL SELECT d.visitor, NULL FROM decisions d WHERE d.unit = k.visitor AND d.visitor IS NOT NULL
        ) p
    )
    SELECT DISTINCT visitor, client FROM known
"""


def browsers_behind(these: str) -> str:
    """SQL that gives ``visitor, client`` of the orders whose id fulfils ``order_id <these>``; either may be null.

    Args:
        these: SQL of ours, never a value from outside.
    """
    return _BEHIND.format(these=these)
