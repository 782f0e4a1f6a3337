"""A fixed set of receipts, drawn from the sale to the paper: template, driver, interpreter, picture.

`python -m tests.expected_receipts` writes the pictures that the tests expect; look at them before they are committed.
"""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from edge_node.receipts.design import ReceiptDesign, load_design
from edge_node.receipts.template import load_template
from edge_node.receipts.values import Letterhead, MemberExtras, ReceiptExtras
from loyalty.programme import Currency
from loyalty.receipts import Receipt, ReceiptCoupon, ReceiptLine, ReceiptTender
from pos_drivers import Align, Cut, DrawerPulse, Element, QrCode, Text, encode
from pos_drivers.pbm import parse_pbm
from pos_drivers.printout import Picture
from simulators.devices.escpos_events import Event
from simulators.devices.escpos_interpreter import EscPosInterpreter
from simulators.devices.receipt_picture import Sheet, draw_receipt, encode_png, place_receipt
from simulators.devices.receipt_text import transcribe

EXPECTED: Final = Path(__file__).parent / "expected" / "receipts"
LOGO_FILE: Final = EXPECTED / "logo.pbm"
SOLD_MS: Final = 1_777_615_500_000  # 2026-05-01 14:05 in Shanghai
EURO: Final = Currency("EUR", "€", 2)


class Sample(NamedTuple):
    """One receipt, as bytes on their way to a printer of so many columns."""

    columns: int
    sent: bytes

    def events(self) -> tuple[Event, ...]:
        """Read the bytes as a printer does."""
        return tuple(EscPosInterpreter(columns=self.columns).feed(self.sent))

    def sheet(self) -> Sheet:
        """Place everything on the paper."""
        return place_receipt(self.events(), self.columns)

    def png(self) -> bytes:
        """Draw it."""
        events = self.events()
        return encode_png(draw_receipt(place_receipt(events, self.columns)), self.transcript(), events)

    def transcript(self) -> str:
        """Write it as text."""
        return transcribe(self.events(), self.columns)


def line(
    name_zh: str, name_en: str, quantity_milli: int, price_minor: int, tax_bp: int = 1300, **off: int
) -> ReceiptLine:
    """Make a line; `off` is what was taken off it, by name."""
    gross_minor = quantity_milli * price_minor // 1000
    net_minor = gross_minor - sum(off.values())
    tax_minor = round(net_minor * tax_bp / (10_000 + tax_bp))
    return ReceiptLine(
        "10001",
        name_zh,
        name_en,
        quantity_milli,
        price_minor,
        gross_minor,
        gross_minor - net_minor,
        net_minor,
        tax_bp,
        tax_minor,
        list(off.items()),
    )


def sale(
    lines: list[ReceiptLine],
    tenders: dict[str, int],
    *,
    member: str | None = None,
    coupons: dict[str, int] | None = None,
    offline: bool = False,
) -> Receipt:
    """Make a receipt out of its lines; points are worth a hundredth of the currency."""
    coupons = coupons or {}
    total_minor = sum(one.net_minor for one in lines) - sum(coupons.values())
    return Receipt(
        receipt="0042-1/000123",
        kind="sale",
        store="0042",
        business_time_ms=SOLD_MS,
        business_day="20260501",
        member=member,
        lines=lines,
        coupons=[ReceiptCoupon(f"c:{code}", code, amount) for code, amount in coupons.items()],
        total_minor=total_minor,
        discount_minor=sum(one.gross_minor for one in lines) - total_minor,
        tax_minor=sum(one.tax_minor for one in lines),
        tenders=[ReceiptTender(kind, amount, amount if kind == "points" else 0) for kind, amount in tenders.items()],
        change_minor=sum(tenders.values()) - total_minor,
        points_earned=total_minor // 100 if member else 0,
        points_used=tenders.get("points", 0),
        offline=offline,
        basket_ref="b1",
        programme_version=1,
    )


TEA = line("绿茶 500ml", "Green tea 500 ml", 3000, 1200)
RICE = line("东北大米（散称）", "Rice, loose", 735, 2580, 900)
SOAP = line("肥皂", "Soap", 1000, 450)
LONG = line(
    "有机全脂高钙低温巴氏杀菌鲜牛奶家庭装两升大瓶整箱十二瓶",
    "Organic whole milk, low-temperature pasteurised, family size, case of twelve two-litre bottles",
    12_000,
    1_289_000,
)
MEMBER: Final = MemberExtras("*******0001", 12_345, SOLD_MS - 540_000, 100, "202605")


def store_receipt(
    receipt: Receipt,
    *,
    columns: int = 48,
    head: str = "一号店",
    currency: Currency = Currency(),  # noqa: B008 (immutable)
    extras: ReceiptExtras = ReceiptExtras(),  # noqa: B008 (immutable)
    design: ReceiptDesign | None = None,
) -> Sample:
    """Lay a receipt out as a store does and encode it."""
    document = (design or load_design()).lay_out(receipt, Letterhead(head, "Asia/Shanghai", currency), extras)
    return Sample(columns, encode(document, columns=columns))


def english(one: ReceiptLine) -> ReceiptLine:
    """Take the Chinese name off a line."""
    return msgspec.structs.replace(one, name_zh="")


def draw_logo() -> bytes:
    """Draw the logo of the samples: a shop's awning over its till, as PBM."""
    width, height = 264, 96
    rows = []
    for y in range(height):
        bits = 0
        for x in range(width):
            awning = y < 40 and (x // 24) % 2 == 0 and y < 40 - abs(x % 24 - 12) // 3
            edge = y in range(3)
            post = y >= 36 and (x in range(12, 18) or x in range(246, 252))
            door = y >= 52 and 108 <= x < 156 and not (y >= 58 and 114 <= x < 150)
            ground = y >= height - 4
            bits = bits << 1 | int(awning or edge or post or door or ground)
        rows.append(bits.to_bytes(width // 8, "big"))
    return b"P4\n# Made by python -m tests.expected_receipts\n%d %d\n" % (width, height) + b"".join(rows)


def _logo() -> Picture:
    return parse_pbm(LOGO_FILE.read_bytes())


def samples() -> dict[str, Sample]:
    """Give all receipts by the name of their picture."""
    with_member = sale([TEA, RICE, SOAP], {"points": 1000, "cash": 5000}, member="m:1", coupons={"K7Q2M": 500})
    member_extras = ReceiptExtras(MEMBER, coupon_names={"c:K7Q2M": "新会员满30减5"})
    discounts = sale(
        [
            line("绿茶 500ml", "", 3000, 1200, 1300, 第二件半价=600),
            line("牛奶 1L", "", 2000, 1250, 900, 会员价=200, 满二件九折=230),
        ],
        {"card": 5070},
    )
    own = load_template(EXPECTED / "own_template.toml")
    signs: list[Element] = [
        Text("大促销 SALE", Align.CENTRE, bold=True, double=True),
        Text("double left", double=True),
        Text("右 right", Align.RIGHT, double=True),
        Text("emphasis 加粗", bold=True),
        QrCode("https://example.org/r/0042-1/000123?check=収", module_dots=8, level="Q"),
        DrawerPulse(),
        Cut(feed_dots=40),
    ]
    return {
        "cash_sale_zh": store_receipt(sale([TEA, RICE, SOAP], {"cash": 10_000})),
        "cash_sale_en": store_receipt(
            sale([english(TEA), english(SOAP)], {"cash": 5000}), head="Corner Shop", currency=EURO
        ),
        "cash_sale_zh_32": store_receipt(sale([TEA, RICE, SOAP], {"cash": 10_000}), columns=32),
        "long_names_48": store_receipt(sale([LONG, english(LONG)], {"card": 30_936_000}), head="华联超市人民路旗舰店"),
        "long_names_32": store_receipt(
            sale([LONG, english(LONG)], {"card": 30_936_000}), columns=32, head="华联超市人民路旗舰店"
        ),
        "member_points_coupon": store_receipt(with_member, extras=member_extras),
        "member_points_coupon_32": store_receipt(with_member, columns=32, extras=member_extras),
        "offline_copy": store_receipt(
            sale([SOAP], {"cash": 450}, member="m:1", offline=True),
            extras=ReceiptExtras(MEMBER._replace(expiring_points=0), copy=True),
        ),
        "discounts_by_name": store_receipt(discounts),
        "logo": store_receipt(sale([TEA], {"card": 3600}), design=ReceiptDesign(load_design().template, _logo())),
        "own_template_32": store_receipt(
            with_member, columns=32, extras=member_extras, design=ReceiptDesign(own, _logo())
        ),
        "double_size_and_code": Sample(48, encode(signs)),
        "every_style": Sample(48, EVERY_STYLE),
    }


EVERY_STYLE: Final = (
    b"\x1b@\x1c&font A 0123456789 " + "字体".encode("gbk") + b"\n"
    b"\x1bM\x01font B 0123456789 AaBbGgQq\n\x1bM\x00"
    b"\x1bE\x01emphasis " + "加粗".encode("gbk") + b"\x1bE\x00\n"
    b"\x1b-\x01one dot\x1b-\x00 \x1b-\x02two dots\x1b-\x00 \x1c-\x02" + "下划线".encode("gbk") + b"\x1c-\x00\n"
    b"\x1dB\x01 reverse " + "反白".encode("gbk") + b" \x1dB\x00\n"
    b"a\x1d!\x01high\x1d!\x10wide\x1d!\x11both\x1d!\x22" + "三".encode("gbk") + b"\x1d!\x00z\n"
    b"\x1ba\x01centre\n\x1ba\x02right\n\x1ba\x00"
    b"\x1c.\x1bt\x13CP858: \xd5 \x9c \x81 \x94\n\x1bt\x00PC437: \xe1 \xb0\xb1\xb2\xdb \xc9\xcd\xbb\n\x1c&"
    b"\x1b3\x3cspaced\n\x1b2" + b"tab\tstop\n"
    b"\x1ba\x01\x1dv0\x03\x02\x00\x04\x00\xff\xff\x80\x01\x80\x01\xff\xff"
    b"\x1ba\x00\x1bd\x02\x1dVB\x20"
)


def main() -> None:
    """Write the logo and all expected pictures."""
    EXPECTED.mkdir(parents=True, exist_ok=True)
    LOGO_FILE.write_bytes(draw_logo())
    for old in EXPECTED.glob("*.png"):
        old.unlink()
    for name, sample in samples().items():
        path = EXPECTED / f"{name}.png"
        path.write_bytes(sample.png())
        print(f"written: {path}")


if __name__ == "__main__":
    main()
