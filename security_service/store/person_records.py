"""A person as the store keeps them: JSON, whole and in one order; decides nothing."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from security_service.domain.access import Role
from security_service.domain.people import Credentials, Person, PersonState


def person_text(person: Person) -> bytes:
    """Give a person as JSON with sorted members."""
    kept = person.credentials
    document = {
        "created_by": person.created_by,
        "created_ms": person.created_ms,
        "credentials": {
            "invitation": kept.invitation,
            "invited_until_ms": kept.invited_until_ms,
            "last_step": kept.last_step,
            "offered": b64encode(kept.offered).decode("ascii"),
            "password": kept.password,
            "recovery": list(kept.recovery),
            "totp": b64encode(kept.totp).decode("ascii"),
        },
        "is_federated": person.is_federated,
        "locale": person.locale,
        "name": person.name,
        "roles": sorted(person.roles),
        "state": person.state.value,
        "tenants": sorted(person.tenants),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_person(text: bytes) -> Person:
    """Read what `person_text` gave."""
    document: dict[str, Any] = json.loads(text)
    kept = document["credentials"]
    return Person(
        name=document["name"],
        roles=frozenset(Role(role) for role in document["roles"]),
        tenants=frozenset(document["tenants"]),
        locale=document["locale"],
        state=PersonState(document["state"]),
        credentials=Credentials(
            password=kept["password"],
            totp=b64decode(kept["totp"]),
            offered=b64decode(kept["offered"]),
            recovery=tuple(kept["recovery"]),
            last_step=kept["last_step"],
            invitation=kept["invitation"],
            invited_until_ms=kept["invited_until_ms"],
        ),
        created_ms=document["created_ms"],
        created_by=document["created_by"],
        is_federated=document["is_federated"],
    )
