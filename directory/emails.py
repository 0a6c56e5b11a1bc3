"""What counts as an e-mail address here."""

import re
from typing import Final

LIMIT: Final = 254
"""The longest address that fits SMTP's envelope (RFC 5321 §4.5.3.1.3)."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL: Final = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


def is_email(text: str) -> bool:
    """Whether this is an address in lower case as browsers' own fields take it, without the bar that our lists use."""
    return len(text) <= LIMIT and _EMAIL.fullmatch(text) is not None
