"""A node with a receipt of its own: the files that its node file names, from the start to the paper."""

from pathlib import Path

from click.testing import CliRunner

from edge_node.cli import main
from edge_node.node import Node
from provisioning.node_file import read_node_file
from simulators.bench.samples import introduce
from simulators.devices.escpos_events import ImagePrinted
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.traffic.generator import generate
from tests.edge_node.test_node import sell
from tests.expected_receipts import LOGO_FILE


def write_node_file(folder: Path, template: str, printer: str = "/dev/none") -> Path:
    (folder / "mine.toml").write_text(template, encoding="utf-8")
    (folder / "logo.pbm").write_bytes(LOGO_FILE.read_bytes())
    path = folder / "node.toml"
    path.write_text(
        f"store = '1'\nbroker = 'mqtt://127.0.0.1:1'\nhttp_port = 0\nprinter = '{printer}'\nprinter_columns = 32\n"
        "receipt_template = 'mine.toml'\nreceipt_logo = 'logo.pbm'\n",
        encoding="utf-8",
    )
    return path


def test_a_bad_template_keeps_a_node_from_starting_with_file_line_and_next_step(tmp_path: Path) -> None:
    path = write_node_file(tmp_path, 'rows = [\n  { left = "{totl}" },\n]')
    done = CliRunner().invoke(main, ["run", "--node-file", str(path), "--directory", str(tmp_path / "node")])
    assert done.exit_code == 1
    assert "mine.toml, line 2: 'totl' is not known" in done.output
    assert not (tmp_path / "node" / "node.db").exists()


def test_a_stores_own_template_and_logo_come_out_of_its_printer(tmp_path: Path) -> None:
    rows = 'rows = [{ logo = true }, { left = "To pay", right = "{total}" }, { cut = true }]'
    traffic = generate(seed=1, stores=1, receipts=10)
    with SimulatedPrinter(columns=32) as printer:
        node = Node(read_node_file(write_node_file(tmp_path, rows, printer.path)), tmp_path / "node")
        introduce(node, traffic)
        node.start()
        try:
            receipt = sell(node, "b1")
            node.desk.notify()
            assert printer.wait_for(lambda seen: seen.receipts, 10)
        finally:
            node.stop()
    image, text = printer.receipts[0].split("\n")
    assert image == "[image 264 x 96 dots]"
    assert text.split() == ["To", "pay", f"￥{receipt.total_minor // 100}.{receipt.total_minor % 100:02d}"]
    assert any(isinstance(event, ImagePrinted) for event in printer.events)
