"""The Authentications port: which number an id of a one-time code was given for, for a day."""

from __future__ import annotations

from security_service.domain.one_time_sms import Authentication, kept_name
from security_service.domain.secret import Msisdn, Secret
from security_service.store.frame import StoreFrame
from security_service.store.keys import otp_key


class StoredAuthentications:
    """Two keys an id, both of which end by themselves: its number, and which id of a number is the newest.

    The codes themselves, and the events of them, are the business of the scripts of codes.
    """

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def keep(self, tenant: str, authentication_id: Secret, number: Msisdn, for_s: int) -> None:
        """Keep an id for so many seconds as the newest of its number.

        The id goes first: one that died between the two is out of date, which harms nobody.
        """
        name, life = kept_name(authentication_id), for_s * 1000
        command = self._frame.scripts.command
        command("SET", otp_key(tenant, f"id:{name}"), number.digits, "PX", life)
        command("SET", otp_key(tenant, f"newest:{number.digits}"), name, "PX", life)

    def find(self, tenant: str, authentication_id: Secret) -> Authentication | None:
        """Give what an id stands for; None for one of another tenant, and for one that never was."""
        name = kept_name(authentication_id)
        digits = self._frame.scripts.command("GET", otp_key(tenant, f"id:{name}"))
        if not isinstance(digits, bytes):
            return None
        number = Msisdn(digits.decode("ascii"))
        newest = self._frame.scripts.command("GET", otp_key(tenant, f"newest:{number.digits}"))
        return Authentication(number, newest == name.encode("ascii"))
