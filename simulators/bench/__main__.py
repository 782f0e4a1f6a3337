"""`./run bench`: run parts, print a table, write JSON; `compare REV` runs another revision in turn with this tree."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from simulators.bench import edge, hub, protocol, visible
from simulators.bench.metrics import Part

PARTS: Final = {"protocol": protocol.measure, "edge": edge.measure, "hub": hub.measure, "visible": visible.measure}
COMPARE_ROUNDS: Final = 3
ROOT: Final = Path(__file__).parent.parent.parent


class _Bench(click.Group):
    """Takes part names where no subcommand stands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] != "compare" and args[0] not in {"--help", "parts"}):
            args = ["parts", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Bench)
def main() -> None:
    """Measure. Without a subcommand: run the named PARTS (default: all)."""


@main.command("parts")
@click.argument("names", nargs=-1, type=click.Choice(sorted(PARTS)))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
def parts(names: tuple[str, ...], json_file: Path | None) -> None:
    """Run parts and print their figures."""
    report: dict[str, Any] = {}
    for name in names or tuple(PARTS):
        click.echo(f"measuring {name} …", err=True)
        report[name] = _as_json(PARTS[name]())
        _print(name, report[name])
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@main.command("compare")
@click.argument("revision")
@click.argument("names", nargs=-1, type=click.Choice(sorted(PARTS)))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the ratios here.")
def compare(revision: str, names: tuple[str, ...], json_file: Path | None) -> None:
    """Run REVISION and this tree in turn on this machine, and print new by old: below 1 is less time or fewer bytes."""
    with tempfile.TemporaryDirectory(prefix="tillsync-compare-") as name:
        old_tree = Path(name) / "old"
        added = subprocess.run(
            ["git", "-C", str(ROOT), "worktree", "add", "--detach", str(old_tree), revision],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode:
            raise click.ClickException(f"revision {revision!r} cannot be checked out: {added.stderr.strip()}")
        try:
            olds, news = [], []
            for turn in range(COMPARE_ROUNDS):
                click.echo(f"round {turn + 1} of {COMPARE_ROUNDS} …", err=True)
                olds.append(_run_tree(old_tree, names))
                news.append(_run_tree(ROOT, names))
        finally:
            subprocess.run(
                ["git", "-C", str(ROOT), "worktree", "remove", "--force", str(old_tree)],  # noqa: S607
                check=True,
            )
    ratios = _ratios(olds, news)
    for key, ratio in ratios.items():
        click.echo(f"{key:45} {ratio['old']:12.3f} {ratio['new']:12.3f}  ×{ratio['ratio']:.3f}")
    if json_file is not None:
        json_file.write_text(json.dumps(ratios, indent=2) + "\n", encoding="utf-8")


def _run_tree(tree: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Run the bench of a tree with this environment's packages and the tree's own code."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        command = [sys.executable, "-m", "simulators.bench", "parts", *names, "--json", out.name]
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise click.ClickException(f"the bench of {tree} failed:\n{done.stderr[-2000:]}")
        report: dict[str, Any] = json.loads(Path(out.name).read_text(encoding="utf-8"))
        return report


def _ratios(olds: list[dict[str, Any]], news: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Compare medians of all figures that both know."""
    found = {}
    for part, metrics in news[0].items():
        for metric in metrics:
            if metric not in olds[0].get(part, {}):
                continue
            old = statistics.median(report[part][metric]["value"] for report in olds)
            new = statistics.median(report[part][metric]["value"] for report in news)
            found[f"{part}.{metric}"] = {"old": old, "new": new, "ratio": new / old if old else 0.0}
    return found


def _as_json(part: Part) -> dict[str, Any]:
    return {
        name: {
            "value": round(metric.value, 4),
            "unit": metric.unit,
            "baseline": None if metric.baseline is None else round(metric.baseline, 4),
            "baseline_name": metric.baseline_name,
            "ratio": None if metric.ratio is None else round(metric.ratio, 4),
        }
        for name, metric in part.items()
    }


def _print(name: str, part: dict[str, Any]) -> None:
    for key, metric in part.items():
        line = f"{name}.{key:32} {metric['value']:12.3f} {metric['unit']:6}"
        if metric["ratio"] is not None:
            line += f"  ×{metric['ratio']:.3f} of {metric['baseline_name']} ({metric['baseline']:.3f})"
        click.echo(line)


if __name__ == "__main__":
    main()
