"""Functions whose result holds nothing of what they read: a shape at most."""

MAKERS = frozenset(
    f"{how}{word}"
    for word in ("zeros", "ones", "empty", "full", "rand", "randn", "randint", "tensor")
    for how in ("", "new_")
) | frozenset(
    f"{word}_like" for word in ("zeros", "ones", "empty", "full", "rand", "randn", "randint")
)
