"""Receipt templates: the laws of the paper, what is refused and on which line, and the files a node file names."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.node import Node
from edge_node.receipts.design import ReceiptDesign, load_design
from edge_node.receipts.errors import BadLogo, BadTemplate
from edge_node.receipts.template import DEFAULT_TEMPLATE, QR_BYTES_MAX, Template, load_template
from edge_node.receipts.values import FIELDS, Letterhead, MemberExtras, ReceiptExtras, money
from loyalty.programme import Currency
from loyalty.receipts import Receipt, ReceiptCoupon, ReceiptLine, ReceiptTender
from pos_drivers import Cut, Text, display_width, lay_out, printable, receipt_to_text
from pos_drivers.layout import Line
from pos_drivers.pbm import parse_pbm
from pos_drivers.printout import Picture
from provisioning.errors import BadNodeFile
from provisioning.node_file import read_node_file
from tests.expected_receipts import EXPECTED, MEMBER, RICE, SOAP, TEA, line, sale

HEAD = Letterhead("一号店", "Asia/Shanghai", Currency())
NOTHING = ReceiptExtras()
OWN = load_template(EXPECTED / "own_template.toml")
DEFAULT = load_template()

WHOLE_SALE = f"""一号店

副本 COPY
单号 No. 0042-1/000123
2026-05-01 14:05
{"-" * 48}
绿茶 500ml
3 × ￥12.00 ￥36.00
东北大米（散称）
0.735 × ￥25.80 ￥18.96
肥皂
1 × ￥4.50 ￥4.50
{"-" * 48}
小计 Subtotal ￥59.46
优惠券 新会员满30减5 -￥5.00
已优惠 You saved -￥5.00
合计 Total ￥54.46
积分 Points (1000) ￥10.00
现金 Cash ￥50.00
找零 Change ￥5.54
含税 Tax 9% ￥1.57
含税 Tax 13% ￥4.66
{"-" * 48}
会员 Member *******0001
本次积分 Points earned 54
积分余额 Balance 12345
截至 as of 05-01 13:56
2026-05-31 到期 expiring 100
[QR] TS1:0042-1/000123
谢谢惠顾 Thank you
"""

NAMES = st.text(max_size=60)
AMOUNTS = st.integers(-(10**12), 10**12)
LINES = st.builds(
    ReceiptLine,
    code=NAMES,
    name_zh=NAMES,
    name_en=NAMES,
    quantity_milli=st.integers(-(10**9), 10**9),
    unit_price_minor=AMOUNTS,
    gross_minor=AMOUNTS,
    discount_minor=AMOUNTS,
    net_minor=AMOUNTS,
    tax_bp=st.integers(0, 10_000),
    tax_minor=AMOUNTS,
    discounts=st.lists(st.tuples(NAMES, AMOUNTS), max_size=2),
)
RECEIPTS = st.builds(
    Receipt,
    receipt=st.just("0042-1/000123"),
    kind=st.sampled_from(["sale", "return"]),
    store=st.just("0042"),
    business_time_ms=st.integers(0, 4_000_000_000_000),
    business_day=st.just("20260501"),
    member=st.none() | st.just("m:1"),
    lines=st.lists(LINES, max_size=4),
    coupons=st.lists(st.builds(ReceiptCoupon, NAMES, NAMES, AMOUNTS), max_size=2),
    total_minor=AMOUNTS,
    discount_minor=AMOUNTS,
    tax_minor=AMOUNTS,
    tenders=st.lists(st.builds(ReceiptTender, NAMES | st.just("cash"), AMOUNTS, st.integers(0, 99)), max_size=3),
    change_minor=AMOUNTS,
    points_earned=st.integers(0, 10**9),
    points_used=st.integers(0, 10**9),
    offline=st.booleans(),
    basket_ref=st.just("b"),
    programme_version=st.just(1),
)
HEADS = st.builds(Letterhead, NAMES, st.just("Asia/Shanghai"), st.builds(Currency, decimals=st.integers(0, 3)))


def load(rows: str, folder: Path) -> ReceiptDesign:
    place = folder / "receipt.toml"
    place.write_text(rows, encoding="utf-8")
    return load_design(str(place))


def text(receipt: Receipt, extras: ReceiptExtras = NOTHING, columns: int = 48) -> list[str]:
    return receipt_to_text(load_design().lay_out(receipt, HEAD, extras), columns).split("\n")


@settings(deadline=None)
@given(RECEIPTS, HEADS, st.booleans(), st.sampled_from([32, 48]), st.sampled_from([DEFAULT, OWN]), NAMES)
def test_no_line_is_wider_than_the_paper_whatever_the_names(
    receipt: Receipt, head: Letterhead, copy: bool, columns: int, template: Template, name: str
) -> None:
    extras = ReceiptExtras(MEMBER._replace(masked=name), copy, {coupon.coupon: name for coupon in receipt.coupons})
    for element in lay_out(template.lay_out(receipt, head, extras), columns=columns):
        if isinstance(element, Line):
            assert display_width(element.text) * (2 if element.double else 1) <= columns


@settings(deadline=None)
@given(RECEIPTS, HEADS, st.sampled_from([32, 48]))
def test_no_amount_is_lost_or_cut_whatever_the_names(receipt: Receipt, head: Letterhead, columns: int) -> None:
    printed = lay_out(DEFAULT.lay_out(receipt, head, NOTHING), columns=columns)
    endings = [element.text for element in printed if isinstance(element, Line)]
    amounts = [one.gross_minor for one in receipt.lines]
    amounts += [-amount for one in receipt.lines for _, amount in one.discounts if amount]
    amounts += [-one.discount_minor for one in receipt.coupons]
    amounts += [one.amount_minor for one in receipt.tenders]
    amounts.append(receipt.total_minor)
    for amount in amounts:
        shown = printable(money(amount, head.currency))
        place = next((index for index, ending in enumerate(endings) if ending.endswith(shown)), None)
        if place is None:  # too wide even for a line of its own: it stands whole, over several
            assert display_width(shown) * 2 > columns
            assert shown in "".join(ending.strip() for ending in endings)
        else:
            endings.pop(place)


def test_default_template_prints_every_part_of_a_sale_in_both_languages() -> None:
    receipt = sale([TEA, RICE, SOAP], {"points": 1000, "cash": 5000}, member="m:1", coupons={"K7Q2M": 500})
    extras = ReceiptExtras(MEMBER, copy=True, coupon_names={"c:K7Q2M": "新会员满30减5"})
    assert [" ".join(row.split()) for row in text(receipt, extras)] == WHOLE_SALE.split("\n")


def test_what_a_receipt_does_not_have_takes_no_line() -> None:
    plain = "\n".join(text(sale([SOAP], {"card": 450})))
    for absent in ("副本", "退货", "小计", "优惠", "找零", "会员", "积分", "离线", "到期"):
        assert absent not in plain


def test_discounts_stand_with_their_line_and_taxes_are_summed_by_rate() -> None:
    receipt = sale(
        [line("茶", "", 1000, 1000, 1300, 特价=100, 会员价=50), line("米", "", 1000, 500, 900), SOAP], {"card": 1}
    )
    lines = text(receipt)
    place = lines.index("茶")
    assert [row.split()[0] for row in lines[place : place + 5]] == ["茶", "1", "特价", "会员价", "米"]
    assert [row.split() for row in lines if "Tax" in row] == [
        ["含税", "Tax", "9%", "￥0.41"],
        ["含税", "Tax", "13%", "￥1.50"],
    ]


def test_offline_return_and_copy_are_marked() -> None:
    receipt = sale([SOAP], {"cash": 450}, offline=True)
    words = "\n".join(text(receipt, ReceiptExtras(copy=True)))
    assert "副本 COPY" in words
    assert "离线交易 Sold offline" in words


def test_points_that_expire_are_named_with_their_last_day() -> None:
    member = MemberExtras("**01", 100, None, 30, "202802")
    lines = text(sale([SOAP], {"card": 450}, member="m:1"), ReceiptExtras(member))
    assert any(row.split() == ["2028-02-29", "到期", "expiring", "30"] for row in lines)


def test_order_and_words_are_the_documents_and_not_the_programs(tmp_path: Path) -> None:
    rows = """
rows = [
  { right = "{total}" },
  { for = "tender", left = "with {tender.name}" },
  { for = "line", centre = "{{{line.code}}}" },
  { for = "discount", left = "{line.name}: {discount.name}" },
]
tenders = { cash = "coins" }
"""
    receipt = sale([line("茶", "", 1000, 1000, 1300, 特价=100), SOAP], {"cash": 1350, "card": 0})
    assert receipt_to_text(load(rows, tmp_path).lay_out(receipt, HEAD, NOTHING), 32).split("\n") == [
        " " * 25 + "￥13.50",
        "with coins",
        "with card",
        " " * 12 + "{10001}",
        "茶: 特价",
        " " * 12 + "{10001}",
    ]


def test_a_value_that_looks_like_a_name_in_braces_stays_as_it_is() -> None:
    receipt = sale([line("{total} {line.price}", "", 1000, 100)], {"card": 100})
    assert "{total} {line.price}" in text(receipt)


def test_logo_is_printed_where_there_is_one_and_takes_no_room_where_not(tmp_path: Path) -> None:
    rows = "rows = [{ logo = true }, { cut = true }]"
    design, logo = load(rows, tmp_path), parse_pbm(b"P1 1 1 1")
    receipt = sale([SOAP], {"card": 450})
    assert design._replace(logo=logo).lay_out(receipt, HEAD, NOTHING) == [Picture(1, 1, b"\x80"), Cut()]
    assert design.lay_out(receipt, HEAD, NOTHING) == [Cut()]


def test_what_no_code_can_hold_is_printed_as_text(tmp_path: Path) -> None:
    rows = 'rows = [{ qr = "{store}" }, { qr = "{member}" }]'
    long = HEAD._replace(store_name="店" * (QR_BYTES_MAX // 3 + 1))
    elements = load(rows, tmp_path).lay_out(sale([SOAP], {"card": 450}), long, NOTHING)
    assert all(isinstance(element, Text) for element in elements)


@pytest.mark.parametrize(
    ("rows", "line_number", "words"),
    [
        ('rows = [\n  { cut = true },\n  { left = "{stor}" },\n]', 3, "'stor' is not known.*There are:.*'?store'?"),
        ('rows = [\n  # {nonsense}\n  { left = "a" }, { left = "{line.name}" },\n]', 3, "needs for = 'line'"),
        ('rows = [\n  { for = "tax", left = "{line.name}" }\n]', 2, "needs for = 'line' .* has for = 'tax'"),
        ('rows = [\n\n  { left = "{offline}" }\n]', 3, "if and unless alone"),
        ('rows = [\n  { if = "balance", cut = true }\n]', 2, "'balance' is not known"),
        ('rows = [\n  { for = "item", left = "a" }\n]', 2, "there are line, discount"),
        ('rows = [\n  { left = "{total" }\n]', 2, "expected '}'"),
        ('rows = [\n  { left = "{total!r}" }\n]', 2, "more between its braces"),
        ('rows = [\n  { left = "{total:>9}" }\n]', 2, "more between its braces"),
        ('rows = [\n  { left = "{}" }\n]', 2, "more between its braces"),
        ('rows = [\n  { left = "{store.__class__}" }\n]', 2, "is not known"),
        ("rows = [\n  { }\n]", 2, "has none of them"),
        ('rows = [\n  { cut = true, left = "a" }\n]', 2, "has left and cut"),
        ('rows = [\n  { centre = "a", right = "b" }\n]', 2, "has right and centre"),
        ('rows = [\n  { colour = "red", left = "a" }\n]', 2, "colour"),
        ('rows = [\n  { bold = "yes", left = "a" }\n]', 2, "bold"),
        ("rows = [\n  { feed = 99 }\n]", 2, "feed"),
        ('rows = [\n  { rule = "" }\n]', 2, "rule"),
        ('[[rows]]\ncut = true\n\n[[rows]]\nleft = "{stor}"\n', 4, "'stor' is not known"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_what_there_is(
    tmp_path: Path, rows: str, line_number: int, words: str
) -> None:
    with pytest.raises(BadTemplate, match=words) as refused:
        load(rows, tmp_path)
    assert f"receipt.toml, line {line_number}: " in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"rows = [", "no TOML"),
        (b"\xff\xfe", "no TOML"),
        (b"", "needs 'rows'"),
        (b"rows = []", "needs 'rows'"),
        (b"rows = 'all'", "needs 'rows'"),
        (b"rows = [{cut = true}]\nfoot = 1", "'foot' is not known"),
        (b"rows = [{cut = true}]\n[tenders]\ngold = 'Gold'", "'gold' is not known"),
        (b"rows = [{cut = true}]\n[tenders]\ncash = 1", "tenders"),
        (b"#" * 70_000, "longer than"),
    ],
)
def test_a_document_that_is_no_template_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(BadTemplate, match=words) as refused:
        load_template(path)
    assert "mine.toml" in str(refused.value)


def test_files_that_are_not_there_are_refused_by_name_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match=r"none\.toml: .* Correct receipt_template"):
        load_design(str(tmp_path / "none.toml"))
    with pytest.raises(BadLogo, match=r"none\.pbm: .* Correct receipt_logo"):
        load_design(None, str(tmp_path / "none.pbm"))


def test_a_logo_that_is_none_or_wider_than_the_paper_is_refused(tmp_path: Path) -> None:
    logo = tmp_path / "logo.pbm"
    logo.write_bytes(b"GIF89a")
    with pytest.raises(BadLogo, match=r"logo\.pbm: .* Save it as PBM"):
        load_design(None, str(logo))
    logo.write_bytes(b"P4 385 1 " + bytes(49))
    with pytest.raises(BadLogo, match="at most 384"):
        load_design(None, str(logo), columns=32)
    assert load_design(None, str(logo), columns=48).logo is not None


def test_the_shipped_template_lists_every_value_with_its_sentence() -> None:
    told = re.findall(r"^#   ([a-z_.]+)  +(\S.*)$", DEFAULT_TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [(name, sentence) for names in FIELDS.values() for name, sentence in names.items()]
    assert [pair for pair in told if pair in wanted] == wanted
    assert not {name for name, _ in told if "." in name} - {name for name, _ in wanted}


def test_node_file_names_template_and_logo_relative_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text(
        "store = '1'\nbroker = 'mqtt://x'\nreceipt_template = 'mine.toml'\nreceipt_logo = 'logo.pbm'\n",
        encoding="utf-8",
    )
    with pytest.raises(BadNodeFile, match=r"receipt_template: .*mine\.toml is not there"):
        read_node_file(path)
    (tmp_path / "mine.toml").write_text("rows = [{ cut = true }]", encoding="utf-8")
    with pytest.raises(BadNodeFile, match=r"receipt_logo: .*logo\.pbm is not there"):
        read_node_file(path)
    (tmp_path / "logo.pbm").write_bytes(b"P1 1 1 1")
    file = read_node_file(path)
    design = load_design(file.receipt_template, file.receipt_logo, columns=file.printer_columns)
    assert (len(design.template.rows), design.logo) == (1, Picture(1, 1, b"\x80"))


def test_desk_prints_a_sale_by_the_default_template(node: Node) -> None:
    receipt = sale([TEA], {"cash": 4000}, offline=True)
    words = receipt_to_text(node.desk.document(receipt), 32)
    assert "￥36.00" in words
    assert "0042-1/000123" in words
