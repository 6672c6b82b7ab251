"""E-mail addresses and bodies, shared by the gateways of that channel; leaves transport to them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Final

UNSUBSCRIBE: Final = "[Unsubscribe]"
WEB_VERSION: Final = "[WebVersion]"
"""What the provider replaces by links of its own (Devino manual 13.3, 13.4, 14.6)."""

_LONGEST: Final = 254
# Plain ASCII addresses: quoted local parts and other scripts need extensions that not every server has.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """The two forms of a body: plain text, and HTML that says the same."""

    plain: str = field(repr=False)
    html: str = field(repr=False)


def is_address(text: str) -> bool:
    """Tell whether a text is an e-mail address in plain ASCII: 254 characters, a domain with a dot."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def is_line(text: str) -> bool:
    """Tell whether a text may stand in a header: one line of printable characters, not empty."""
    return bool(text) and text.isprintable()


def letter(text: str, *, links: bool) -> Letter:
    """Give both forms of a text; `links` adds those that the provider demands in every letter."""
    shown = html.escape(text).replace("\n", "<br>\n")
    if not links:
        return Letter(text, f"<p>{shown}</p>")
    added = f'<a href="{WEB_VERSION}">Веб-версия</a> · <a href="{UNSUBSCRIBE}">Отписаться</a>'
    return Letter(
        f"{text}\n\nВеб-версия: {WEB_VERSION}\nОтписаться: {UNSUBSCRIBE}\n",
        f"<p>{shown}</p>\n<p>{added}</p>",
    )
