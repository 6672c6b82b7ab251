"""What an archive keeps of a store, and what a store holds before a rebuild (design, section 5): data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from security_service.domain.secret import Msisdn


class ManagedKind(StrEnum):
    """What belongs to no number and can be put back."""

    TENANT = "tenant"
    KEY = "key"
    POLICY = "policy"
    BAN = "ban"
    TRUST = "trust"


class ShardState(StrEnum):
    """What a shard of the store holds before a rebuild."""

    EMPTY = "empty"
    BEGUN = "begun"
    OURS = "ours"
    ANOTHERS = "anothers"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class SubscriberPlace:
    """A subscriber among those of a shard, in the order in which pages are read."""

    tenant: str
    number: Msisdn


@dataclass(frozen=True, slots=True)
class RecordState:
    """A subscriber's record as the store packs it; no bytes where nothing was left of it."""

    place: SubscriberPlace
    record: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GuessState:
    """Counted guesses and locks of a subscriber, by the fields of the store; `at_ms` is the last event's."""

    place: SubscriberPlace
    fields: Mapping[str, str]
    at_ms: int


@dataclass(frozen=True, slots=True)
class ManagedState:
    """A thing that is managed: its field and its value as the store holds them."""

    kind: ManagedKind
    id: str
    document: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the archive knows of the store as a whole.

    `seqs` is the number of the newest archived event of every shard, `size` and `root` (hex) are the
    log's: how many events, and the hash over all of them.
    """

    installation: str
    buckets: int
    seqs: Mapping[str, int]
    size: int
    root: str


def key_value(tenant: str, name: str, until_ms: int, issued_ms: int) -> str:
    """Give an API key's value as the store holds it; keys of old tell no time at which they were issued."""
    return json.dumps([tenant, name, until_ms, issued_ms] if issued_ms else [tenant, name, until_ms])
