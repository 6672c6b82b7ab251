"""The scripts: each file one state change; leaves calling them to the modules beside this folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import Final

_USES: Final = re.compile(r"^-- USES:(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """One script as it is sent to the store: its name, its whole text, and the SHA-1 that names it."""

    name: str
    text: str
    sha: str


@cache
def load(name: str) -> Script:
    """Read a script and put before it the shared parts that its header names.

    Raises FileNotFoundError for a name that no file has.
    """
    folder = files(__name__)
    body = folder.joinpath(f"{name}.lua").read_text(encoding="utf-8")
    found = _USES.search(body)
    shared = found.group(1).split() if found else []
    parts = [folder.joinpath("shared", f"{part}.lua").read_text(encoding="utf-8") for part in shared]
    text = "\n".join([*parts, body])
    return Script(name, text, sha1(text.encode("utf-8"), usedforsecurity=False).hexdigest())
