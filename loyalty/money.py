"""Rounding and spreading amounts without losing or making a cent.

One rule: parts always sum to the whole. Integers only.
"""

from collections.abc import Sequence


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero. `denominator` is positive."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (1 if 2 * rest >= denominator else 0)
    return rounded if numerator >= 0 else -rounded


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Spread `amount` (zero or more) over weights by largest remainder, ties by position.

    Weights at or below zero take no share (a trade-in or a return in the basket). With no positive weight everything
    stays unspread: the result is all zeros.
    """
    if amount < 0:
        raise ValueError("only amounts of zero or more are spread")
    positive = [max(weight, 0) for weight in weights]
    total = sum(positive)
    if total == 0:
        return [0] * len(positive)
    shares = [amount * weight // total for weight in positive]
    remainders = [amount * weight % total for weight in positive]
    rest = amount - sum(shares)
    for place in sorted(range(len(positive)), key=lambda i: (-remainders[i], i))[:rest]:
        shares[place] += 1
    return shares


def tax_inside(net_minor: int, tax_bp: int) -> int:
    """Compute the tax contained in an amount that includes it, at a rate in basis points, rounded half up."""
    return divide_half_up(net_minor * tax_bp, 10_000 + tax_bp)
