"""Where everything lies in the store: the only place that puts key names together (design, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from security_service.domain.secret import Msisdn

SHARDS: Final = 64
"""How many shards there are; fixed when a store is initialised, so that Redis Cluster can spread them."""

MANAGEMENT: Final = "m"
"""The shard of what belongs to no number: tenants, API keys, the installation."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of keys. `buckets` is fixed at `store init` from the subscribers expected."""

    buckets: int

    def bucket_of(self, number: Msisdn) -> int:
        """The bucket that holds a number's record."""
        return crc32(number.digits.encode("ascii")) % self.buckets

    def of(self, tenant: str, number: Msisdn) -> NumberKeys:
        """The names of all keys of one tenant's number."""
        bucket = self.bucket_of(number)
        return NumberKeys(shard_name(bucket % SHARDS), bucket, tenant, number.digits)

    def bucket_key(self, bucket: int) -> str:
        """The name of one bucket's hash."""
        return f"{{{shard_name(bucket % SHARDS)}}}:b:{bucket}"


def shard_name(shard: int) -> str:
    """The name of a shard, which is its hash tag too (`s042`)."""
    return f"s{shard:03d}"


def all_shards() -> list[str]:
    """The names of all shards that numbers live in."""
    return [shard_name(shard) for shard in range(SHARDS)]


def buckets_for(subscribers: int) -> int:
    """How many buckets keep 50 to 100 subscribers in each."""
    return max(SHARDS, -(-subscribers // (75 * SHARDS)) * SHARDS)


@dataclass(frozen=True, slots=True)
class NumberKeys:
    """Names of keys of one tenant's number, all under one hash tag."""

    shard: str
    bucket_number: int
    tenant: str
    number: str

    @property
    def field(self) -> str:
        """The field of the record within its bucket."""
        return f"{self.tenant}:{self.number}"

    @property
    def bucket(self) -> str:
        """The hash that holds the record."""
        return f"{{{self.shard}}}:b:{self.bucket_number}"

    def slot(self, purpose: str) -> str:
        """The hash of one purpose's slot."""
        return f"{{{self.shard}}}:slot:{self.tenant}:{self.number}:{purpose}"

    def sealed(self, purpose: str) -> str:
        """The sealed text of the slot's code: the code's id, `:`, the ciphertext."""
        return f"{{{self.shard}}}:sealed:{self.field}:{purpose}"

    def of_number(self, what: str) -> str:
        """A key of the number: guesses, requests, checks, sends, unverified, refused, flight, landing.*."""
        return f"{{{self.shard}}}:{what}:{self.tenant}:{self.number}"

    def idempotency(self, operation: str, token: str) -> str:
        """The hash of one idempotency key, by its digest."""
        return f"{{{self.shard}}}:idem:{self.field}:{operation}:{token}"

    @property
    def authenticator(self) -> str:
        """The hash of the subscriber's authenticator app."""
        return f"{{{self.shard}}}:totp:{self.field}"

    def notice(self, token: str) -> str:
        """The mark that a notice went out, by the digest of its reason and candidate."""
        return f"{{{self.shard}}}:notice:{self.field}:{token}"

    def of_shard(self, what: str) -> str:
        """A key of the whole shard: installation, events, seq, queue, bodies."""
        return shard_key(self.shard, what)


def shard_key(shard: str, what: str) -> str:
    """A key of a whole shard: installation, events, seq, queue, bodies."""
    return f"{{{shard}}}:{what}"


def wide_key(tenant: str, what: str) -> str:
    """A key of a tenant's windows over many numbers; all share one hash tag."""
    return f"{{w:{tenant}}}:{what}"


def trust_key(source: str, what: str, mcc_mnc: str) -> str:
    """A key of what was seen of one source's answers on one operator; all of a source share one hash tag."""
    return f"{{trust:{source}}}:{what}:{mcc_mnc}"


def gateway_key(gateway: str, what: str) -> str:
    """A key of one gateway's handover and receipts; all of a gateway share one hash tag."""
    return f"{{g:{gateway}}}:{what}"


def incoming_key(tenant: str, what: str) -> str:
    """A key of a tenant's incoming messages; all of them share one hash tag."""
    return f"{{in:{tenant}}}:{what}"


def otp_key(tenant: str, what: str) -> str:
    """A key of a tenant's ids of one-time codes; all of a tenant share one hash tag."""
    return f"{{otp:{tenant}}}:{what}"


def subscription_key(tenant: str, what: str) -> str:
    """A key of a tenant's subscriptions to SIM swaps; all of a tenant share one hash tag."""
    return f"{{sub:{tenant}}}:{what}"


def account_key(account: str, what: str) -> str:
    """A key of what an account of a face is to be told; all of an account share one hash tag."""
    return f"{{r:{account}}}:{what}"


NEVER_EXPIRE: Final = (
    ":b:", ":installation", ":events", ":seq", ":queue", ":bodies", ":tenants", ":keys", ":pairs",
    ":trust", ":policies", ":accounts", ":archive", ":people", ":rebuilding", ":totp:",
    ":bans", ":ban_changes", ":clients",
)  # fmt: skip
"""Parts of the names of keys that have no expiry, besides the guesses of a disabled subscriber.

An authenticator that is only offered goes away by itself.
"""
