"""``costcalc``, and ``python -m costcalc``."""

import gc
import sys


def main() -> None:
    """Runs the command line."""
    # Imports and commands make many long-lived objects and hardly any reference cycles:
    # looking for them seldom, and not at all at exit, saves a tenth of a short command.
    gc.set_threshold(1_000_000)
    try:
        from costcalc.cli import main as command_line

        command_line()
    except KeyboardInterrupt:  # while modules are imported; commands have an answer of their own
        sys.exit(130)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
