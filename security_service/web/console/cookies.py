"""The console's cookies: their names, and what a browser must know of each; leaves their values to others."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from flask import Request, Response

from security_service.domain.secret import Secret

_PREFIX: Final = "__Host-"
_PATH: Final = "/"
_YEAR_S: Final = 365 * 86_400
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie: `life_s` is None where it ends with the browser's session."""

    name: str
    life_s: int | None = None
    same_site: Literal["Strict", "Lax"] = "Strict"


SESSION: Final = Cookie("etalon-session")
DEVICE: Final = Cookie("etalon-device", _YEAR_S)
START: Final = Cookie("etalon-start")
"""What the forms of those who are not signed in are held against."""
FEDERATION: Final = Cookie("etalon-federation", 600, "Lax")
"""What was asked of the bank's identity provider: it comes back from another site, so strict would not do."""
NOTICE: Final = Cookie("etalon-notice", 60)
LOCALE: Final = Cookie("etalon-locale", _YEAR_S)
THEME: Final = Cookie("etalon-theme", _YEAR_S)
TENANT: Final = Cookie("etalon-tenant", _YEAR_S)
ZONE_NAME: Final = "etalon-zone"
"""The browser's time zone; its script writes it, so it bears no prefix and is believed for nothing else."""


def is_secure(request: Request) -> bool:
    """Tell whether cookies are for TLS only: always, but for plain HTTP on loopback."""
    return request.is_secure or not _is_loopback(request.host)


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def read_cookie(request: Request, cookie: Cookie) -> str:
    """Give a cookie's value, empty where there is none."""
    value = request.cookies.get(_name(request, cookie), "")
    return value if len(value) <= _LONGEST else ""


def set_cookie(request: Request, response: Response, cookie: Cookie, value: str | Secret) -> None:
    """Let the browser keep a value; scripts never read it."""
    response.set_cookie(
        _name(request, cookie),
        value.reveal() if isinstance(value, Secret) else value,
        max_age=cookie.life_s,
        path=_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite=cookie.same_site,
    )


def end_cookie(request: Request, response: Response, cookie: Cookie) -> None:
    """Let the browser forget a value."""
    response.delete_cookie(
        _name(request, cookie),
        path=_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite=cookie.same_site,
    )


def _name(request: Request, cookie: Cookie) -> str:
    # A neighbour under the same domain cannot set a cookie with this prefix for us (RFC 6265bis, 4.1.3).
    return _PREFIX + cookie.name if is_secure(request) else cookie.name
