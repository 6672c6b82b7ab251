"""Strategies for subscribers' records: any that the domain can build."""

from __future__ import annotations

from hypothesis import strategies as st

from security_service.domain.imsi import Candidate, Grade, ImsiMember, Reference, ReferenceMember
from security_service.domain.secret import DIGEST_BYTES
from security_service.domain.subscriber import Mode, Override, PendingReverify, Subscriber

proposals = st.text("0123456789abcdef", max_size=32)
seconds = st.integers(0, 2**32 - 1)
texts = st.text(max_size=60)
imsis = st.builds(
    ImsiMember,
    key_version=st.integers(1, 255),
    representation=st.sampled_from(["imsi", "md5", "sha256", "operator-x"]),
    digest=st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES),
    mcc_mnc=st.sampled_from(["", "25001", "00101", "310260", "999999"]),
)
references = st.builds(
    Reference,
    members=st.lists(
        st.builds(ReferenceMember, imsis, seconds, seconds, st.sampled_from(Grade), st.booleans()), max_size=4
    ).map(tuple),
    retired=st.lists(imsis, max_size=8).map(tuple),
)
subscribers = st.builds(
    Subscriber,
    reference=references,
    candidate=st.none() | st.builds(Candidate, imsis, seconds, seconds),
    override=st.none()
    | st.builds(
        Override,
        st.sampled_from(Mode),
        texts,
        texts,
        seconds,
        seconds,
        st.none() | imsis,
        st.booleans(),
    ),
    pending=st.none()
    | st.builds(
        PendingReverify, texts, texts, seconds, seconds, st.none() | imsis, st.booleans(), texts, proposals
    ),
    messaged=st.booleans(),
    carried_out=st.lists(proposals, max_size=8).map(tuple),
)
