"""What XML can hold of a text; leaves documents to the plug-ins."""

from __future__ import annotations

import re
from typing import Final

_NOT_XML: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def fits_xml(text: str) -> bool:
    """Tell whether XML 1.0 has a way to write every character: most control characters have none."""
    return _NOT_XML.search(text) is None
