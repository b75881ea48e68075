"""Coupons and their unique codes, handed over one at a time or up to a thousand at once."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked, text
from devstore.klaviyo.api.errors import ApiError, duplicate, invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.jobs import Jobs
from devstore.klaviyo.api.rates import XL, L, S
from devstore.klaviyo.records import Coupon, CouponCode, Failure, Job
from devstore.klaviyo.state import Account

Json = dict[str, Any]
KIND = "coupon-code-bulk-create-job"
MOST_CODES, MOST_QUEUED = 1_000, 100
COUPON_FIELDS = ("external_id", "description", "monitor_configuration")
CODE_FIELDS = ("unique_code", "expires_at")
_EXTERNAL_ID = re.compile(r"[0-9_A-z]+")
PAGED = ("filter", "sort", "include", "page[size]", "page[cursor]")


def register(gate: Gate, account: Account, jobs: Jobs) -> None:
    _coupons(gate, account)
    _codes(gate, account)
    _bulk(gate, account, jobs)


def _coupons(gate: Gate, account: Account) -> None:
    @gate.route("POST", "/api/coupons", S, "coupons:write")
    def create(asked: Asked) -> Answer:
        attributes = asked.attributes(asked.resource("coupon", COUPON_FIELDS))
        name = text(attributes, "external_id")
        if not _EXTERNAL_ID.fullmatch(name):
            raise invalid(r"external_id must match ^[0-9_A-z]+$.", "/data/attributes/external_id")
        if name in account.coupons:
            raise duplicate("A coupon with this external_id exists.")
        made = Coupon(name, text(attributes, "description", needed=False), account.now())
        account.coupons[name] = made
        return 201, {"data": _coupon(made)}

    @gate.route("GET", "/api/coupons", L, "coupons:read", parameters=PAGED)
    def find(asked: Asked) -> Answer:
        return 200, asked.page(list(account.coupons.values()), _coupon)

    @gate.route("GET", "/api/coupons/<name>", L, "coupons:read")
    def read(_: Asked, name: str) -> Answer:
        if name not in account.coupons:
            raise missing("coupon", name)
        return 200, {"data": _coupon(account.coupons[name])}


def _codes(gate: Gate, account: Account) -> None:
    @gate.route("POST", "/api/coupon-codes", XL, "coupon-codes:write")
    def create(asked: Asked) -> Answer:
        made = _new_code(account, asked.resource("coupon-code", CODE_FIELDS))
        return 201, {"data": _code(made)}

    @gate.route("GET", "/api/coupon-codes", XL, "coupon-codes:read", parameters=PAGED)
    def find(asked: Asked) -> Answer:
        wanted = asked.conditions({"coupon.id": ("equals", "any"), "profile.id": ("equals",), "status": ("equals",)})
        if not any(one.field in ("coupon.id", "profile.id") for one in wanted):
            raise invalid("A filter on coupon.id or profile.id is required.")
        fields = {"coupon.id": "coupon_id", "profile.id": "profile_id", "status": "status"}
        found = [
            code
            for code in account.coupon_codes.copy().values()
            if all(getattr(code, fields[one.field]) == one.value for one in wanted)
        ]
        return 200, asked.page(found, _code)


def _bulk(gate: Gate, account: Account, jobs: Jobs) -> None:
    @gate.route("POST", "/api/coupon-code-bulk-create-jobs", L, "coupon-codes:write")
    def create(asked: Asked) -> Answer:
        attributes = asked.attributes(asked.resource(KIND, ("coupon-codes",)))
        entries = (attributes.get("coupon-codes") or {}).get("data")
        if not isinstance(entries, list) or not 0 < len(entries) <= MOST_CODES:
            raise invalid(f"Between 1 and {MOST_CODES} codes are taken at once.", "/data/attributes/coupon-codes")
        if sum(job.finished is None for job in jobs.of(KIND)) >= MOST_QUEUED:
            raise ApiError(429, "throttled", f"At most {MOST_QUEUED} jobs may wait.", retry_after=10)

        def take_in(job: Job) -> None:
            for number, entry in enumerate(entries):
                try:
                    _new_code(account, entry)
                    job.completed += 1
                except ApiError as error:
                    pointer = f"/data/attributes/coupon-codes/data/{number}"
                    job.failures.append(Failure(error.code, error.title, error.detail, pointer, entry))
                    job.failed += 1

        return 202, {"data": documents.job(jobs.start(KIND, len(entries), take_in))}

    @gate.route("GET", "/api/coupon-code-bulk-create-jobs/<name>", L, "coupon-codes:read", parameters=("include",))
    def read(_: Asked, name: str) -> Answer:
        return 200, {"data": documents.job(jobs.get(KIND, name))}


def _new_code(account: Account, entry: Json) -> CouponCode:
    attributes = entry.get("attributes") or {}
    coupon = ((entry.get("relationships") or {}).get("coupon") or {}).get("data") or {}
    if coupon.get("id") not in account.coupons:
        raise missing("coupon", str(coupon.get("id")))
    unique = text(attributes, "unique_code")
    name = f"{coupon['id']}-{unique}"
    if name in account.coupon_codes:
        raise duplicate(f"The code {unique} exists.")
    expires = attributes.get("expires_at")
    made = CouponCode(name, unique, coupon["id"], datetime.fromisoformat(expires) if expires else None)
    account.coupon_codes[name] = made
    return made


def _coupon(one: Coupon) -> Json:
    attributes = {"external_id": one.id, "description": one.description, "monitor_configuration": None}
    return documents.resource("coupon", one.id, attributes)


def _code(one: CouponCode) -> Json:
    attributes = {"unique_code": one.unique_code, "expires_at": documents.iso(one.expires_at), "status": one.status}
    profile = {"type": "profile", "id": one.profile_id} if one.profile_id else None
    relationships = {"coupon": {"data": {"type": "coupon", "id": one.coupon_id}}, "profile": {"data": profile}}
    return documents.resource("coupon-code", one.id, attributes, relationships)
