"""What a program may say: the compiler, the allow-list and the form that writes programs.

Everything that people write in autograd lessons is allowed; what is not on the list is refused, with its line and what
to write instead. This wall keeps honest programs honest and gives good messages; behind it stand the walls of
``components.worker``. The modules that know torch's objects (``runtime`` and what it imports) are loaded by the
worker's processes alone; this file, ``names``, ``suggestions``, ``compiler`` and ``form`` know no torch.
"""

from components.language.errors import NotAllowed, NotAllowedAttribute, SourceTooLarge
from components.language.limits import PROGRAM_FILENAME, SourceLimits

__all__ = ["PROGRAM_FILENAME", "NotAllowed", "NotAllowedAttribute", "SourceLimits", "SourceTooLarge"]
