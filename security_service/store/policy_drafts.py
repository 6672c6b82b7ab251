"""The PolicyDrafts port: each draft is one key that goes away a month after it was last written."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from security_service.store.frame import StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key

_LIFE_MS: Final = 30 * 86_400_000


class StoredPolicyDrafts:
    """Keeps what people write; it decides nothing and leaves no event. May raise StoreUnavailable."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def get(self, person: str, policy: str) -> str:
        """Give a person's draft of a policy; '' where there is none."""
        kept = self._frame.scripts.command("GET", _key(person, policy))
        return kept.decode("utf-8") if isinstance(kept, bytes) else ""

    def put(self, person: str, policy: str, text: str) -> None:
        """Keep a draft in place of the one before; '' takes it away."""
        key = _key(person, policy)
        if text:
            self._frame.scripts.command("SET", key, text, "PX", _LIFE_MS)
        else:
            self._frame.scripts.command("DEL", key)


def _key(person: str, policy: str) -> str:
    digest = sha256(f"{person}\n{policy}".encode()).hexdigest()
    return shard_key(MANAGEMENT, f"draft:{digest[:32]}")
