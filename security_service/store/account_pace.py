"""The AccountPace port: one bucket an account, filled by the store's time; decides nothing itself."""

from __future__ import annotations

from security_service.store.frame import StoreFrame, whole
from security_service.store.keys import account_key
from security_service.store.scripts import load


class StoredAccountPace:
    """All processes draw on one bucket, so that a bank's accounts are as fast on ten machines as on one."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._take = load("take_account_pace")

    def take(self, account: str, a_second: int, places: int) -> int:
        """Take places; 0 where they are taken, else the milliseconds until one is free (none is taken)."""
        key = account_key(account, "pace")
        return whole(self._frame.scripts.run(self._take, [key], [self._frame.now(), a_second, places])[0])
