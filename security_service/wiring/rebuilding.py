"""A lost store's rebuild put together: the archive's states on one side, an emptied store on the other."""

from __future__ import annotations

from functools import partial

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.state_reader import StateReader
from security_service.domain.rebuild_ports import ArchivedStates
from security_service.store.connection import Scripts
from security_service.store.keys import MANAGEMENT, all_shards
from security_service.store.rebuilding import StoredLiveStates, StoredRebuild
from security_service.usecases.compare_states import CompareStates
from security_service.usecases.rebuild_store import RebuildStore


def build_states(database: ArchiveDatabase) -> ArchivedStates:
    """Give what the archive knows of the store."""
    return StateReader(database)


def build_rebuild(scripts: Scripts, database: ArchiveDatabase, installation: str) -> RebuildStore:
    """Give what rebuilds the store of an installation."""
    target = partial(StoredRebuild, scripts, installation)
    return RebuildStore(StateReader(database), target, installation, all_shards(), MANAGEMENT)


def build_comparison(scripts: Scripts, database: ArchiveDatabase) -> CompareStates:
    """Give what holds the store against the archive."""
    return CompareStates(StateReader(database), partial(StoredLiveStates, scripts), all_shards())
