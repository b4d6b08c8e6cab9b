"""The bundle: a model as a folder of LightGBM text and JSON, readable and diffable, that loads without running code.

    manifest.json            what it is, what it was learnt from, and the digest of every other file
    next_rung.json ...       one file a predictor; its boosters stand beside it as next_rung.1.txt, ...
    examples.json            a few rows of features, and what every predictor must answer to them

The same data, settings and seed give the same bytes: nothing in it says when or where it was made. Its version is the
digest of the manifest, so a changed byte anywhere is another version or a refused bundle.
"""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from features.catalog import catalog
from features.catalog.catalog import Context
from features.errors import BundleError
from features.extensions import other_packages
from features.ladder.rules import LadderRules
from training.model import buy_till_you_die, findings, rules  # noqa: F401 - kinds of predictors
from training.model.bundle_files import BundleReader, json_bytes, move_texts_out, parse_object, read_bytes
from training.model.effect import Effect
from training.model.facts import Facts
from training.model.lifetime import LifetimeModel
from training.model.next_order import NextOrder
from training.model.playbook import play_of
from training.model.predictors import Pool, TwoPart
from training.model.renewal import RenewalModel
from training.model.revenue import RevenueModel, RevenuePool
from training.model.revenue_range import RevenueRange
from training.model.self_test import check_examples, write_examples
from training.model.serialization import Predictor, to_json
from training.model.signature import check_signature, sign
from training.model.win_back import WinBack

__all__ = [
    "EXAMPLES", "FORMAT", "MANIFEST", "NAME", "Bundle", "Facts", "Horizon", "Investment", "read_bundle",
    "read_proven_bundle", "write_bundle",
]  # fmt: skip

FORMAT = 7
MANIFEST = "manifest.json"
EXAMPLES = "examples"
NAME = "loyalty-ladder"


@dataclass(frozen=True)
class Investment:
    """One investment option as it is served.

    bond : position in BONDS, -1 = unknown.
    cost : planned cost per account, money.
    basis : what its effects rest on: `randomised`, `adjusted` or `insufficient`.
    rungs : the rungs on which its effects may be used.
    effects : outcome -> effect.
    revenue_share : what the option costs besides, as a share of the account's revenue over the horizon.
    """

    name: str
    bond: int
    cost: float
    basis: str
    rungs: tuple[int, ...]
    effects: Mapping[str, Effect]
    revenue_share: float = 0.0

    @property
    def prices_serving(self) -> bool:
        """Return whether the change in the cost of serving the account has a price."""
        return "served" in self.effects


@dataclass(frozen=True)
class Horizon:
    """The predictors of a further horizon.

    switching : None where too few accounts left, or stayed, within it.
    """

    days: int
    next_rung: Pool
    switching: Pool | None
    revenue: Predictor


@dataclass(frozen=True)
class Bundle:
    """Everything that scoring needs.

    switching : None where too few switches were seen.
    triggers : gives the shares of the three trigger families; None where too few reasons are recorded.
    climbing : a single booster, for reasons.
    revenue_range : the ranges of the revenue: given an order, and with the chance of none.
    upgrades : rung -> effect of climbing from it, for the rungs that have one.
    further : other horizons than that of the facts, ascending.
    next_order : the day of the next order; None where too few gaps between order days were seen.
    renewal : what becomes of contracts that end; None where too few renewed or ended.
    win_back : the chance that a former customer orders; None where too few came back, or stayed away.
    lifetime : what accounts bring over years; None where too little was complete.
    """

    facts: Facts
    next_rung: Pool
    switching: Pool | None
    triggers: Pool | None
    climbing: Predictor
    revenue: RevenueModel
    revenue_range: RevenueRange
    upgrades: Mapping[int, Effect]
    investments: tuple[Investment, ...]
    further: tuple[Horizon, ...] = ()
    next_order: NextOrder | None = None
    renewal: RenewalModel | None = None
    win_back: WinBack | None = None
    lifetime: LifetimeModel | None = None

    @property
    def context(self) -> Context:
        """Return what the features depend on besides the histories."""
        return Context(self.facts.rules, self.facts.horizon_days, self.facts.vocabulary)

    @property
    def parts(self) -> dict[str, Predictor]:
        """Return every predictor by the name of its file."""
        parts: dict[str, Predictor | None] = {
            "next_rung": self.next_rung, "switching": self.switching, "triggers": self.triggers,
            "climbing": self.climbing, "revenue": self.revenue, "revenue_range": self.revenue_range,
            "next_order": self.next_order, "renewal": self.renewal, "win_back": self.win_back,
            "lifetime": self.lifetime,
        }  # fmt: skip
        parts |= {f"upgrade_{rung}": effect for rung, effect in self.upgrades.items()}
        for horizon in self.further:
            parts |= {
                f"{_ahead(horizon.days)}_next_rung": horizon.next_rung,
                f"{_ahead(horizon.days)}_switching": horizon.switching,
                f"{_ahead(horizon.days)}_revenue": horizon.revenue,
            }
        for position, option in enumerate(self.investments):
            parts |= {f"investment_{position}_{outcome}": effect for outcome, effect in option.effects.items()}
        return {name: predictor for name, predictor in parts.items() if predictor is not None}

    def files(self) -> dict[str, bytes]:
        """Return the bundle as file name -> content, the manifest last."""
        return dict(self._files)

    @cached_property
    def _files(self) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        parts = self.parts
        for name, predictor in parts.items():
            files[f"{name}.json"] = json_bytes(move_texts_out(to_json(predictor), name, files))
        files[f"{EXAMPLES}.json"] = json_bytes(write_examples(parts, self.facts.features, self.facts.peers))
        options = [
            {
                "name": o.name,
                "bond": o.bond,
                "cost": o.cost,
                "basis": o.basis,
                "rungs": list(o.rungs),
                "outcomes": sorted(o.effects),
                "revenue_share": o.revenue_share,
            }
            for o in self.investments
        ]
        manifest = {
            "format": FORMAT,
            "name": NAME,
            "facts": {**asdict(replace(self.facts, report=())), "report": findings.to_json(self.facts.report)},
            "investments": options,
            "upgrades": sorted(self.upgrades),
            "further_horizons_days": [horizon.days for horizon in self.further],
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        }
        return {**files, MANIFEST: json_bytes(manifest)}

    @property
    def version(self) -> str:
        """Return twelve hexadecimal digits that change with any byte."""
        return hashlib.sha256(self.files()[MANIFEST]).hexdigest()[:12]


def write_bundle(bundle: Bundle, folder: Path) -> str:
    """Write a bundle into a folder (made if absent), signed where a key is named, and return its version."""
    folder.mkdir(parents=True, exist_ok=True)
    files = bundle.files()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sign(folder)
    return hashlib.sha256(files[MANIFEST]).hexdigest()[:12]


def read_bundle(folder: Path, signed: bool = False) -> tuple[Bundle, str]:
    """Read the bundle in a folder, every file checked against its digest, and return it with its version.

    signed : hold what was read against the public key, where the environment names one.

    Raises
    ------
    BundleError
        If a file is missing, differs from its digest, or was made for another catalogue of features; if it is not
        signed, or with another key.
    """
    raw = read_bytes(folder / MANIFEST)
    if signed:
        check_signature(folder, raw)
    manifest = parse_object(raw, MANIFEST)
    if manifest.get("format") != FORMAT or manifest.get("name") != NAME:
        raise BundleError(
            f"{folder} is no {NAME} bundle of format {FORMAT}: its manifest says {manifest.get('format')!r}. Train the "
            "model anew, or use the program version that made it."
        )
    packages: list[str] = []
    try:
        facts = _facts(manifest["facts"])
        packages = other_packages(facts.packages)
        if facts.catalog != catalog.fingerprint():
            raise BundleError(_other_catalogue(folder, facts))
        reader = BundleReader(folder, manifest["files"])
        reader.content(f"{EXAMPLES}.json")  # used by read_proven_bundle only, but its digest is checked in any case
        switching, triggers = reader.part_if_any("switching", Pool), reader.part_if_any("triggers", Pool)
        investments = tuple(_investment(k, option, reader) for k, option in enumerate(manifest["investments"]))
        upgrades = {int(rung): reader.part(f"upgrade_{rung}", Effect) for rung in manifest["upgrades"]}
        further = tuple(_horizon(int(days), manifest["files"], reader) for days in manifest["further_horizons_days"])
        bundle = Bundle(
            facts=facts, next_rung=reader.part("next_rung", Pool), switching=switching, triggers=triggers,
            climbing=reader.predictor("climbing"), revenue=_revenue(reader),
            revenue_range=reader.part("revenue_range", RevenueRange), upgrades=upgrades, investments=investments,
            further=further, next_order=reader.part_if_any("next_order", NextOrder),
            renewal=reader.part_if_any("renewal", RenewalModel), win_back=reader.part_if_any("win_back", WinBack),
            lifetime=reader.part_if_any("lifetime", LifetimeModel),
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The bundle in {folder} is incomplete: {type(error).__name__} at {error}. Export it anew."
        ) from None
    except BundleError as error:
        if packages:
            raise BundleError(f"{error} It was trained with {'; '.join(packages)}.") from None
        raise
    if packages:
        warnings.warn(f"The model in {folder} was trained with {'; '.join(packages)}.", stacklevel=2)
    return bundle, hashlib.sha256(raw).hexdigest()[:12]


def read_proven_bundle(folder: Path, signed: bool = False) -> tuple[Bundle, str]:
    """Read a bundle as `read_bundle` does, and check that its predictors answer its own examples as when it was made.

    This is what a service must call before it serves a bundle.

    Raises
    ------
    BundleError
        As read_bundle does, and if a predictor gives other answers.
    """
    bundle, version = read_bundle(folder, signed)
    digests = parse_object(read_bytes(folder / MANIFEST), MANIFEST)["files"]
    try:
        examples = parse_object(BundleReader(folder, digests).content(f"{EXAMPLES}.json"), EXAMPLES)
        check_examples(bundle.parts, bundle.facts.features, examples)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The examples of the bundle in {folder} cannot be asked: {type(error).__name__}. Export it anew."
        ) from None
    return bundle, version


def _facts(content: Mapping[str, Any]) -> Facts:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    values["rules"] = LadderRules(**content["rules"])
    values["report"] = findings.from_json(content["report"])
    values["price_index"] = tuple((at, index) for at, index in content.get("price_index", ()))
    values["playbook"] = tuple(play_of(play) for play in content["playbook"])
    values["vocabulary"] = {key: tuple(names) for key, names in content["vocabulary"].items()}
    values["norms"] = {key: tuple(norms) for key, norms in content.get("norms", {}).items()}
    return Facts(**values)


def _other_catalogue(folder: Path, facts: Facts) -> str:
    """Say how the features of a model differ from those of this program."""
    lacking = [name for name in facts.features if name not in catalog.BY_NAME]
    known = set(facts.features)
    more = [name for name in catalog.NAMES if name not in known]
    said = f"The model in {folder} was made for feature catalogue {facts.catalog}; this program has "
    said += f"{catalog.fingerprint()}"
    if lacking:
        said += f". It needs {', '.join(lacking)}, which this program does not have: install the package that adds it"
    elif more:
        said += f", which also has {', '.join(more)}"
    return f"{said}. Train it anew, or use the program version that made it."


def _investment(position: int, option: Mapping[str, Any], reader: BundleReader) -> Investment:
    effects = {outcome: reader.part(f"investment_{position}_{outcome}", Effect) for outcome in option["outcomes"]}
    return Investment(
        name=str(option["name"]), bond=int(option["bond"]), cost=float(option["cost"]), basis=str(option["basis"]),
        rungs=tuple(int(rung) for rung in option["rungs"]), effects=effects,
        revenue_share=float(option.get("revenue_share", 0.0)),
    )  # fmt: skip


def _revenue(reader: BundleReader) -> RevenueModel:
    model = reader.predictor("revenue")
    if not isinstance(model, RevenuePool | TwoPart):
        raise BundleError(f"revenue is a {type(model).__name__}, which has no chance of an order. Export it anew.")
    return model


def _horizon(days: int, files: Mapping[str, str], reader: BundleReader) -> Horizon:
    ahead = _ahead(days)
    switching = reader.part(f"{ahead}_switching", Pool) if f"{ahead}_switching.json" in files else None
    return Horizon(days, reader.part(f"{ahead}_next_rung", Pool), switching, reader.predictor(f"{ahead}_revenue"))


def _ahead(days: int) -> str:
    """Return how the names of the files of a further horizon begin."""
    return f"ahead_{days}d"
