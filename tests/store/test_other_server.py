"""The oldest server that is supported: Debian's redis-server 7.0."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from security_service.domain.audit import AuditQuery
from security_service.domain.codes import CheckAccepted, CheckNotFound, NotFound
from security_service.store.embedded import EmbeddedValkey, Fsync
from tests.store.everything import do_everything
from tests.store.rig import StoreRig, subject

REDIS = shutil.which("redis-server")


@pytest.mark.skipif(REDIS is None, reason="no redis-server is installed here")
def test_redis_seven_does_all_that_valkey_does(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path, fsync=Fsync.EVERY_SECOND, server_binary=Path(REDIS or ""))
    with server:
        rig = StoreRig(server.url)
        assert "redis_version" in rig.redis.info("server")
        do_everything(rig)
        rig.redis.flushall()
        again = StoreRig(server.url)
        whom = subject()
        draft = again.generate(whom)
        assert again.guess(whom, 1) == [CheckNotFound(NotFound.WRONG, 4)]
        assert again.check(whom, draft.digits) == CheckAccepted(draft.code.id)
        assert again.check(whom, draft.digits) == CheckNotFound(NotFound.SPENT)
        assert len(again.log.page(AuditQuery(tenant="demo")).events) == 5
        server.kill()
        server.start()
        assert again.check(whom, draft.digits) == CheckNotFound(NotFound.SPENT)
        again.close()
        rig.close()
