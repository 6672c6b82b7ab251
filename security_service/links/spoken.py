"""A text as a machine should say it over the telephone: a code digit by digit; leaves calls to others."""

from __future__ import annotations

import re
from typing import Final

# A code has 4 to 10 digits; what touches letters, more digits or a decimal fraction is something else.
_CODE: Final = re.compile(r"(?<!\w)(?<![0-9][.,])[0-9]{4,10}(?!\w|[.,][0-9])")


def spoken(text: str) -> str:
    """Put a comma after every digit of a code: `481516` is not read as a number of six places."""
    return _CODE.sub(lambda found: ", ".join(found[0]), text)
