"""The Accounts, AccountList and AccountSessions ports: accounts by login, sessions by their digests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from security_service.domain.accounts import SESSION_S, Account, Face, FoundAccount
from security_service.domain.audit import Event, Json, canonical
from security_service.domain.secret import Secret
from security_service.store.frame import MANAGED, StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load


class StoredAccounts:
    """Every account in one hash on the management shard, beside it the wrong passwords by address."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._put, self._refuse = load("put_account"), load("refuse_account")

    def find(self, login: str, source: str) -> FoundAccount:
        """Give an account, and how many wrong passwords came from `source` within the last minute."""
        text = self._frame.scripts.command("HGET", shard_key(MANAGEMENT, "accounts"), login)
        tries = self._frame.scripts.command("GET", _tries(source))
        stored = text.decode("utf-8") if isinstance(text, bytes) else ""
        account = read_account(stored) if stored else None
        return FoundAccount(account, stored, int(tries) if isinstance(tries, bytes) else 0)

    def refused(self, source: str, event: Event) -> None:
        """Count a wrong password of `source`; the first of a minute is told with `event`."""
        self._frame.run_ours(
            self._refuse,
            [_tries(source), *_journal()],
            MANAGED,
            [self._frame.now(), "{}", MANAGEMENT, event.kind.value, canonical(event.facts)],
        )

    def save(self, account: Account, event: Event) -> None:
        """Write an account; sessions of it as it was before end, for they name its former state."""
        self._write(account.login, account.tenant, account_text(account), event)

    def remove(self, login: str, event: Event) -> bool:
        """Forget an account; False where there was none."""
        return self._write(login, "", "", event)

    def of(self, tenant: str) -> Sequence[Account]:
        """Give a tenant's accounts by login, or those of all where `tenant` is ''."""
        reply = self._frame.scripts.command("HVALS", shard_key(MANAGEMENT, "accounts"))
        texts = (
            [one.decode("utf-8") for one in reply if isinstance(one, bytes)]
            if isinstance(reply, list)
            else []
        )
        found = (read_account(text) for text in texts)
        return sorted(
            (account for account in found if not tenant or account.tenant == tenant),
            key=lambda account: account.login,
        )

    def _write(self, login: str, tenant: str, document: str, event: Event) -> bool:
        facts: dict[str, Json] = {**event.facts, "document": document}
        reply = self._frame.run_ours(
            self._put,
            [shard_key(MANAGEMENT, "accounts"), *_journal()],
            MANAGED,
            [
                self._frame.now(),
                canonical({"tenant": tenant} if tenant else {}),
                MANAGEMENT,
                login,
                document,
                event.kind.value,
                canonical(facts),
            ],
        )
        return reply[0] == 1


class StoredAccountSessions:
    """A session is a key that ends by itself: its login, and the state that the account had."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def begin(self, token: Secret, login: str, stored: str) -> None:
        """Keep a session of an account as it is now."""
        value = json.dumps([login, _digest(stored)])
        self._frame.scripts.command("SET", _session(token), value, "PX", SESSION_S * 1000)

    def find(self, token: Secret) -> tuple[str, str]:
        """Give login and state that a session was begun with; two empty texts where there is none."""
        reply = self._frame.scripts.command("GET", _session(token))
        if not isinstance(reply, bytes):
            return "", ""
        login, state = json.loads(reply)
        return login, state


def account_text(account: Account) -> str:
    """Give an account as it is stored; the password is in it as an HMAC alone."""
    return canonical(
        {
            "a_second": account.a_second,
            "digest": account.digest.hex(),
            "faces": sorted(account.faces),
            "login": account.login,
            "networks": list(account.networks),
            "sessions": account.sessions,
            "tenant": account.tenant,
            "version": account.version,
        }
    )


def read_account(text: str) -> Account:
    """Read what `account_text` gave."""
    read = json.loads(text)
    return Account(
        login=read["login"],
        tenant=read["tenant"],
        faces=frozenset(Face(face) for face in read["faces"]),
        version=read["version"],
        digest=bytes.fromhex(read["digest"]),
        networks=tuple(read["networks"]),
        a_second=read["a_second"],
        sessions=read["sessions"],
    )


def _digest(stored: str) -> str:
    return sha256(stored.encode("utf-8")).hexdigest()


def _journal() -> list[str]:
    return [shard_key(MANAGEMENT, what) for what in ("events", "seq")]


def _tries(source: str) -> str:
    return shard_key(MANAGEMENT, f"account_tries:{_digest(source)[:32]}")


def _session(token: Secret) -> str:
    return shard_key(MANAGEMENT, f"account_session:{_digest(token.reveal())}")
