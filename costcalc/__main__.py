"""``costcalc``, and ``python -m costcalc``."""

import gc


def main() -> None:
    """Runs the command line."""
    # Imports and commands make many long-lived objects and hardly any reference cycles.
    gc.set_threshold(100_000)
    from costcalc.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
