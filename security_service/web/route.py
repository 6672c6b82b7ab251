"""One thing that the management API does, and the roles that most of it asks for; `admin` lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal

from marshmallow import Schema

from security_service.domain.access import Role

# `admin` may do all of it and stands in none of them.
READ: Final = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
REVERIFY: Final = frozenset({Role.ANALYST, Role.LEAD})
DECIDE: Final = frozenset({Role.LEAD})


@dataclass(frozen=True, slots=True)
class Route:
    """One thing the API does: how it is called, who may call it, what it takes and gives.

    A view that `streams` takes its body, text/csv, in as it comes.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    view: Callable[..., Any]
    roles: frozenset[Role]
    gives: type[Schema]
    takes: type[Schema] | None = None
    problems: Mapping[HTTPStatus, str] = field(default_factory=dict)
    waits: bool = False
    streams: bool = False
    produces: str = "application/json"
