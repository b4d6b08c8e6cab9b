"""The picture and the table of packages in docs/architecture.md: `make reference` draws them from the code's imports.

The graph is grimp's, the one that import-linter checks the walls with.
"""

import re
from collections import defaultdict
from pathlib import Path

import grimp
import matplotlib
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

ROOTS = ("commands", "serving", "training", "features")
"""From top to bottom: each may import those below it."""
FOLDER = Path(__file__).parent
MARKED = re.compile(r"(<!-- packages -->\n).*?(<!-- end -->)", re.DOTALL)
_WIDTH, _HEIGHT = 2.0, 0.62


def package_of(module: str) -> str:
    """Return the package that a module is counted under: `training.models` for `training.models.revenue`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if len(parts) > 2 else module


def package_graph() -> tuple[dict[str, set[str]], dict[str, int]]:
    """Return what every package imports, and how many modules it has. Modules beside packages count as their own."""
    graph = grimp.build_graph(*ROOTS)
    imports: dict[str, set[str]] = defaultdict(set)
    sizes: dict[str, int] = defaultdict(int)
    packages = {module for module in graph.modules if graph.find_children(module)}
    for module in sorted(graph.modules - packages):
        mine = package_of(module)
        sizes[mine] += 1
        for imported in graph.find_modules_directly_imported_by(module):
            if package_of(imported) != mine and imported not in ROOTS:
                imports[mine].add(package_of(imported))
    merged: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for name, size in sizes.items():
        counts[_node(name, sizes)] += size
        merged[_node(name, sizes)] |= {_node(other, sizes) for other in imports[name]}
    return {name: others - {name} for name, others in merged.items()}, dict(counts)


def _node(name: str, sizes: dict[str, int]) -> str:
    """Return the node of the picture: a package, or its root for a module that stands alone in it."""
    root = name.partition(".")[0]
    return name if "." in name and sizes[name] > 1 else root


def levels(imports: dict[str, set[str]], root: str) -> dict[str, int]:
    """Return how high every package of a root stands above those that it imports within that root."""
    mine = {name for name in imports if name.partition(".")[0] == root}
    depth: dict[str, int] = {}

    def height(name: str, path: tuple[str, ...] = ()) -> int:
        if name not in depth:
            below = [other for other in imports[name] if other in mine and other not in (*path, name, root)]
            depth[name] = 1 + max((height(other, (*path, name)) for other in below), default=-1)
        return depth[name]

    return {name: height(name) for name in sorted(mine - {root})}


def draw(file: Path) -> None:
    """Write the picture as SVG: a band a root, a row a level, an arrow for every import within a root."""
    imports, sizes = package_graph()
    matplotlib.rcParams.update({"svg.hashsalt": "ladder", "svg.fonttype": "none"})
    place: dict[str, tuple[float, float]] = {}
    bands: list[tuple[str, float, float]] = []
    y = 0.0
    for root in reversed(ROOTS):
        rows: dict[int, list[str]] = defaultdict(list)
        for name, level in levels(imports, root).items():
            rows[level].append(name)
        bottom = y
        for level in sorted(rows):
            for x, name in enumerate(sorted(rows[level])):
                aside = 1.3 * (level % 2 - 0.5)  # rows are staggered, so that arrows do not run behind boxes
                place[name] = ((x - (len(rows[level]) - 1) / 2) * (_WIDTH + 0.9) + aside, y)
            y += 1.05
        bands.append((root, bottom, max(y, bottom + 0.7)))
        y = max(y, bottom + 0.7) + 0.35
    figure, axes = plt.subplots(figsize=(12, y * 0.72))
    for root, low, high in bands:
        axes.axhspan(low - 0.5, high - 0.5, color="#eef2f7", zorder=0)
        axes.text(-7.4, (low + high) / 2 - 0.5, f"{root}/", fontsize=13, weight="bold", va="center")
    for name, (x, at) in place.items():
        axes.add_patch(
            FancyBboxPatch(
                (x - _WIDTH / 2, at - _HEIGHT / 2), _WIDTH, _HEIGHT, boxstyle="round,pad=0.02", fc="white", ec="#334155"
            )
        )
        label = f"{name.partition('.')[2]}\n{sizes[name]} modules"
        axes.text(x, at, label, ha="center", va="center", fontsize=8.5)
        for other in sorted(imports[name] & place.keys()):
            if other.partition(".")[0] == name.partition(".")[0]:
                end = place[other]
                start = (x, at - _HEIGHT / 2)
                stop = (end[0], end[1] + _HEIGHT / 2)
                axes.add_patch(
                    FancyArrowPatch(
                        start, stop, arrowstyle="-|>", mutation_scale=8, color="#94a3b8", lw=0.8, zorder=0.5
                    )
                )
    axes.set_xlim(-7.6, 7.6)
    axes.set_ylim(-0.6, y - 0.6)
    axes.axis("off")
    figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def table(imports: dict[str, set[str]], sizes: dict[str, int]) -> str:
    """Return the packages as a table of markdown: modules, and what each imports."""
    lines = ["| package | modules | imports |", "| --- | --- | --- |"]
    for root in ROOTS:
        names = [root, *sorted(name for name in sizes if name.startswith(f"{root}."))]
        lines += [
            f"| `{name}` | {sizes[name]} | {', '.join(f'`{other}`' for other in sorted(imports[name]))} |"
            for name in names
            if name in sizes
        ]
    return "\n".join(lines) + "\n"


def document() -> str:
    """Return docs/architecture.md with the table of now."""
    text = (FOLDER / "architecture.md").read_text(encoding="utf-8")
    return MARKED.sub(lambda marks: marks[1] + table(*package_graph()) + marks[2], text)
