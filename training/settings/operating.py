"""The sections about what is done with a model: plans, promotion, monitoring, the registry, the service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.settings.section import FORBID, MOST, Count, Days, Number, Section, Share


@dataclass(frozen=True, config=FORBID)
class PlanSettings(Section):
    """What a plan must know of the options."""

    heading: ClassVar = "plan"

    hours: Mapping[str, Annotated[Number, Field(ge=0, le=MOST, json_schema_extra={"unit": "hours"})]] = Field(
        default_factory=dict,
        description="hours of an account manager's time that an option takes at one account, as "
        "{ visit_programme = 6.0 }; an option not named takes none. Only `ladder plan --hours` asks: time runs out "
        "before money where visits pay",
    )


@dataclass(frozen=True, config=FORBID)
class AdviceSettings(Section):
    """From which evidence on which advice is given; kept with the model."""

    heading: ClassVar = "advice"

    sure: Share = Field(
        default=0.8,
        description="chance of a gain from which on an investment is advised outright; one that pays on average, with "
        "a lower chance, is worth a test",
    )
    test_share: Number = Field(
        default=0.5, ge=0.05, le=0.95,
        description="share of the accounts with the advice test that a plan invests in, by lot: half tells most",
    )  # fmt: skip
    notice_days: Days = Field(
        default=30, ge=0, le=365,
        description="days before a contract's end by which to have talked: what a customer usually needs to decide, "
        "and to give notice",
    )  # fmt: skip
    risk: Share = Field(
        default=0.5,
        description="chance of switching from which on an account is at risk: likelier to leave than not",
    )
    top_at_risk: Share = Field(
        default=0.1,
        description="share of the accounts that can leave, those with the most margin at stake, that are at risk too",
    )


@dataclass(frozen=True, config=FORBID)
class LoyaltySettings(Section):
    """What tells a loyal customer; kept with the model."""

    heading: ClassVar = "loyalty"

    inflation: Number = Field(
        default=0.02, ge=-0.5, le=10.0,
        description="rise of prices in a year, as a share: growth in money must exceed it; 0 with a deflator",
    )  # fmt: skip


@dataclass(frozen=True, config=FORBID)
class PromotionSettings(Section):
    """Limits of the checks before a promotion: docs/promotion.md tells what each asks, why, and what to do."""

    heading: ClassVar = "promotion"

    tolerance: Share = Field(default=0.003, description="log loss: smaller differences are noise")
    tolerance_share: Share = Field(
        default=0.01, description="of any other score, and of money: smaller differences are noise"
    )
    most_calibration_error: Share = Field(
        default=0.1, description="mean gap between chances given and shares observed, beyond which a warning is given"
    )
    least_accounts: Count = Field(
        default=200, ge=0, le=MOST,
        description="learnt from: with fewer, chances are hardly more than the shares on each rung",
    )  # fmt: skip
    least_switched: Count = Field(
        default=50, ge=0, le=MOST, description="accounts that left: fewer cannot carry a model of who leaves"
    )
    least_exposed: Count = Field(
        default=60, ge=1, le=MOST,
        description="accounts that were invested in: with fewer an effect's interval says nothing",
    )  # fmt: skip
    least_in_segment: Count = Field(
        default=100, ge=2, le=MOST,
        description="accounts that a segment needs to be looked at: smaller ones only show noise",
    )  # fmt: skip
    segment_level: Share = Field(
        default=0.05, description="of the segments that are called worse, the share that may be so by chance alone"
    )
    most_auc_alone: Number = Field(
        default=0.97, ge=0.5, le=1,
        description="how well one feature alone may tell who leaves or climbs: beyond, it rather tells of what has "
        "already happened. The best honest ones tell 0.75 to 0.9",
    )  # fmt: skip
    most_lost_to_a_day: Number = Field(
        default=0.25, ge=0, le=10,
        description="share of the skill that may go when everything is known a day later: a true picture of half a "
        "year fades slowly, and feeds are late",
    )  # fmt: skip
    most_lost_to_a_week: Number = Field(
        default=0.5, ge=0, le=10, description="the same when everything is known a week later"
    )
    most_wrong_way: Share = Field(
        default=0.02, description="chance, or share of the money, by which an answer may move the wrong way on average"
    )
    most_megabytes: Number = Field(
        default=50.0, ge=0.001, le=10**6,
        description="of the bundle: every process of the service holds it, and every start reads it",
    )  # fmt: skip
    most_milliseconds: Number = Field(
        default=20.0, ge=0.001, le=10**6,
        description="to score an account, of 200 together: a million accounts then take 6 hours on one core",
    )  # fmt: skip


@dataclass(frozen=True, config=FORBID)
class MonitorSettings(Section):
    """`ladder monitor`: when a difference is called drift, and when drift is a reason to retrain."""

    heading: ClassVar = "monitor"

    level: Number = Field(
        default=0.05, ge=1e-6, le=0.5,
        description="share of false alarms among the features called drifted: one in twenty",
    )  # fmt: skip
    least_effect: Share = Field(
        default=0.05,
        description="how far a distance must lie beyond the usual one: 0.05 = one account in twenty elsewhere",
    )
    most_pairs: Count = Field(
        default=12, ge=0, le=100,
        description="earlier pairs of instants, as far apart, that say what is usual: a year of months; 0 = do not ask "
        "what is usual, and call nothing drift",
    )  # fmt: skip
    most_accounts: Count = Field(
        default=20_000, ge=100, le=10**8,
        description="accounts looked at, drawn by their ids: with 20,000 chance moves a distance by 0.01",
    )  # fmt: skip
    retrain_weight: Share = Field(
        default=0.2,
        description="share of the model's weight that lies on drifted features, from which on retraining is advised: "
        "below it the model hardly looks at what changed",
    )
    least_silent_days: Days = Field(
        default=7, ge=1, le=3650,
        description="days without a row before a table can count as stopped: a week spans every weekend",
    )  # fmt: skip


DEFAULT_MODEL, DEFAULT_FOLDER = "loyalty-ladder", "champion"


@dataclass(frozen=True, config=FORBID)
class RegistrySettings(Section):
    """Names in MLflow, and where the service finds the champion."""

    heading: ClassVar = "registry"

    experiment: str = Field(
        default="loyalty-ladder",
        description="name of the experiment in MLflow; one chosen by `mlflow.set_experiment` or MLFLOW_EXPERIMENT_NAME "
        "goes before it",
    )
    model: str = Field(
        default=DEFAULT_MODEL,
        description="name of the registered model, whose alias `champion` decides which version is used: one for each "
        "team or country on the same server",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
    )
    champion_folder: str = Field(
        default=DEFAULT_FOLDER,
        description="folder, from the working folder, in which a copy of the champion is published for the service; a "
        "model of another name than the default has champion/NAME where nothing else is said here",
    )

    @property
    def champions(self) -> Path:
        """Return the folder in which the champion of this model is published."""
        folder = Path(self.champion_folder)
        if self.champion_folder == DEFAULT_FOLDER and self.model != DEFAULT_MODEL:
            return folder / self.model
        return folder


@dataclass(frozen=True, config=FORBID)
class PluginSettings(Section):
    """Code of your own, beside that of installed packages."""

    heading: ClassVar = "plugins"

    modules: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")], ...] = Field(
        default=(),
        description="Python modules that add features, members, baselines, checks, recipes or tables; they lie on the "
        "Python path or in the working folder, and their code runs",
    )


@dataclass(frozen=True, config=FORBID)
class ServiceSettings(Section):
    """Limits of the service, in each of its processes, and the managers' page."""

    heading: ClassVar = "service"

    requests_per_second: Number = Field(
        default=100.0, ge=0.01, le=10**6,
        description="of one API key, in each process: a CRM's page needs one, and a nightly run sends 200 accounts in "
        "each; beyond it the answer is 429",
    )  # fmt: skip
    requests_at_once: Count = Field(
        default=200, ge=1, le=10**6, description="of one API key after a rest: a burst of two seconds"
    )
    most_waiting: Count = Field(
        default=64, ge=0, le=10_000,
        description="requests that may wait in each process: beyond it the answer is 503 at once, for who waits longer "
        "has gone before the answer comes",
    )  # fmt: skip
    proxy_user_header: str = Field(
        default="",
        description="header in which a proxy in front of the page names the person it has signed in, such as "
        '"X-Forwarded-User"; "" = there is none. Only where nobody reaches the service but through that proxy, and it '
        "takes away what a client sends under that name",
    )
    currency: str = Field(
        default="€",
        description="sign before amounts in reports, plans and on the managers' page; kept with the model",
    )
    names: Mapping[str, str] = Field(
        default_factory=dict,
        description="what people call your investments, playbooks and industries on the managers' page, as { visit = "
        '"Visit programme", "visit.nl" = "Bezoekprogramma" }; without one the name in the data is shown',
    )


@dataclass(frozen=True, config=FORBID)
class SignInSettings(Section):
    """Signing in on the managers' page: how long it lasts, and the identity provider (OpenID Connect), if any."""

    heading: ClassVar = "sign_in"

    hours: Number = Field(
        default=12.0, ge=0.01, le=720, description="after which a session ends, however much it is used: a working day"
    )
    idle_minutes: Number = Field(
        default=120.0, ge=0.1, le=43_200, description="after which a session ends that nobody uses"
    )
    issuer: str = Field(
        default="",
        description='address of the identity provider, as its tokens name it; "" = there is none, and one signs in '
        "with a key. The client's secret, where it has one, stands in LADDER_OIDC_CLIENT_SECRET",
    )
    client_id: str = Field(default="", description="under which the page is registered with the provider")
    public_url: str = Field(
        default="",
        description="under which browsers know the page, such as https://ladder.example.com; register it with "
        "/sign-in/callback behind it",
    )
    scopes: str = Field(default="openid profile email", description="asked of the provider")
    person_claim: str = Field(
        default="email", description="claim that names who signs in, in the audit log and for `ladder people`"
    )
    role_claim: str = Field(
        default="roles", description="claim with the role: viewer, manager, director, admin; of several the highest"
    )
    owner_claim: str = Field(
        default="name", description="claim with the manager's name as the accounts have it in `owner`"
    )
    team_claim: str = Field(
        default="", description='claim with further owners whose accounts a manager sees; "" = there is none'
    )
    default_role: str = Field(
        default="none",
        description="of whom neither `ladder people` nor a claim gives a role: none, viewer, director or admin",
    )


@dataclass(frozen=True, config=FORBID)
class GovernanceSettings(Section):
    """What is kept for how long, and what is shown of people: docs/governance.md."""

    heading: ClassVar = "governance"

    track_records: Literal["off", "own", "all"] = Field(
        default="off",
        description="who sees what came true of a single account manager's forecasts and decisions: nobody, that "
        "manager only, or also whoever sees all accounts. Agree on it with the works council first",
    )
    feedback_days: Count = Field(
        default=0, ge=0, le=36_500,
        description="that feedback and decisions are kept after they came; 0 = for ever. Training reads them",
    )  # fmt: skip
    audit_days: Count = Field(default=0, ge=0, le=36_500, description="that the audit log is kept; 0 = for ever")
    runs_days: Count = Field(
        default=0, ge=0, le=36_500,
        description="that what is known of former scoring runs, and of plans and verdicts, is kept; 0 = for ever",
    )  # fmt: skip
