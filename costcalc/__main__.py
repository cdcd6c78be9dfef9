"""``costcalc``, and ``python -m costcalc``."""

import gc


def main() -> None:
    """Runs the command line."""
    # Imports and commands make many long-lived objects and hardly any reference cycles:
    # looking for them seldom, and not at all at exit, saves a tenth of a short command.
    gc.set_threshold(100_000)
    from costcalc.cli import main as command_line

    try:
        command_line()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
