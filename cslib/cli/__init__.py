"""The `cslib` command: parse, call, print. Nothing heavy is imported before a command needs it.

`arguments` says what can be typed; `data`, `figures`, `runs` and `diff` hold the commands, `text` what they print.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from cslib.cli.arguments import parser
from cslib.cli.text import printable

__all__ = ["main"]

DONE, FAILED, BAD_INPUT, INFRASTRUCTURE = range(4)
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (without the program's name) and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.call(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `cslib metrics ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt as stopped:
        return _tell(": ".join(["interrupted", *map(str, stopped.args)]), INTERRUPTED)
    except Exception as error:
        if arguments.debug:
            raise
        return _tell(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    """Words and exit code for an error; everything that is wrong with what was given is a ValueError."""
    from cslib.absent import Absent

    if isinstance(error, ValueError | Absent):
        return str(error), BAD_INPUT
    if isinstance(error, OSError):
        return f"{error.filename or 'system'}: {error.strerror or error}", INFRASTRUCTURE
    if type(error).__name__ == "InfrastructureError":
        return str(error), INFRASTRUCTURE
    return f"{type(error).__name__}: {error}\nThis is a defect of cslib; --debug shows where.", INFRASTRUCTURE


def _tell(message: str, code: int) -> int:
    print(f"cslib: {printable(message)}", file=sys.stderr)
    return code
