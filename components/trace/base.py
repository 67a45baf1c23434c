"""What every record is made of: a frozen, strict class, and the numbers that JSON can say.

Apart from the format because the records and the questions inside of them are both made of it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Number = bool | int | float | Literal["nan", "inf", "-inf"]
# A Number, or lists of Values nested as deep as the tensor has dimensions. The codec checks what this type cannot say.
Values = Any


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What all records share: they are frozen, strict about their fields, and not looked through for cycles.

    A frozen record can be in no cycle, since what it holds was there before it; a trace has millions of them.
    """
