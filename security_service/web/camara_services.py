"""What the Open Gateway faces need of the rest of the service, and how they know their callers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from security_service.usecases.grant_token import GrantToken, KnownCaller
from security_service.usecases.keep_swap_subscriptions import KeepSwapSubscriptions
from security_service.usecases.one_time_sms import OneTimeSms
from security_service.usecases.tell_sim_swap import TellSimSwap
from security_service.web.auth import bearer_key
from security_service.web.camara_answers import CamaraError, CamaraRefusal


@dataclass(frozen=True, slots=True)
class CamaraServices:
    """The use cases behind the faces; `issuer` is the address under which clients reach the service."""

    issuer: str
    tokens: GrantToken
    one_time_sms: OneTimeSms
    sim_swap: TellSimSwap
    subscriptions: KeepSwapSubscriptions

    @property
    def token_endpoint(self) -> str:
        """Where tokens are to be had."""
        return f"{self.issuer}/oauth2/token"


def caller_with(tokens: GrantToken, *scopes: str) -> KnownCaller:
    """Give the caller of a request, whose token has one of `scopes`; raises CamaraRefusal."""
    token = bearer_key(request.headers.get("Authorization", ""))
    known = tokens.caller(token) if token is not None else None
    if known is None:
        raise CamaraRefusal(CamaraError.UNAUTHENTICATED)
    if not known.scopes & frozenset(scopes):
        raise CamaraRefusal(CamaraError.PERMISSION_DENIED)
    return known
