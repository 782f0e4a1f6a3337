"""Lines of baskets for these tests."""

from hypothesis import strategies as st

from loyalty.baskets import BasketLine, Coupon


def line(amount_minor: int, tax_bp: int = 1_300, code: str = "item") -> BasketLine:
    """Put one piece at a price into the basket."""
    return BasketLine(code, "货", "Item", 1_000, amount_minor, tax_bp)


def coupon(value_minor: int, threshold_minor: int = 0, name: str = "c:hub-1:1") -> Coupon:
    """Take a coupon."""
    return Coupon(name, f"C-{name}", value_minor, threshold_minor)


lines = st.builds(
    BasketLine,
    code=st.sampled_from(["a", "b", "c"]),
    name_zh=st.just("货"),
    name_en=st.just("Item"),
    quantity_milli=st.integers(1, 20_000),
    unit_price_minor=st.integers(-5_000, 50_000),
    tax_bp=st.sampled_from([0, 600, 900, 1_300]),
    recorded_minor=st.none(),
    recorded_discounts=st.just(()),
)
baskets = st.lists(lines, max_size=8)
coupons = st.lists(
    st.builds(
        Coupon,
        coupon=st.uuids().map(str),
        code=st.just("C"),
        value_minor=st.integers(1, 40_000),
        threshold_minor=st.integers(0, 60_000),
    ),
    max_size=3,
    unique_by=lambda one: one.coupon,
)
