"""The relationship: inquiries and how they ended; who speaks to whom, by what channel, how often and since when."""

from features.catalog.declarations import NEVER_MISSING, NO_EVENT, Context, Family, Feature, trend
from features.histories.streams import FIXED_POINT, ratio
from features.histories.views import View
from features.instants import FloatArray, IntArray

INQUIRIES = Family("relationship", "inquiries")
CONTACT = Family("relationship", "interactions")


def open_inquiries(view: View, _: Context) -> IntArray:
    """Count the inquiries made and not yet closed."""
    return view.stream("inquiries").count() - view.stream("inquiries_closed").count()


def win_share(view: View, _: Context) -> FloatArray:
    """Return the share won of the inquiries closed in two years."""
    closed = view.stream("inquiries_closed")
    return ratio(closed.total("won", 730), closed.count(730))


def approach_share(view: View, days: int) -> FloatArray:
    """Return the share of the interactions that they began, where it is known who did."""
    interactions = view.stream("interactions")
    theirs = interactions.total("them", days)
    return ratio(theirs, theirs + interactions.total("us", days))


def approach_change(view: View, _: Context) -> FloatArray:
    """Return the share that they began in the last 90 days, less that of the year."""
    return approach_share(view, 90) - approach_share(view, 365)


def minutes_each(view: View, _: Context) -> FloatArray:
    """Average the minutes of an interaction, where they are known."""
    interactions = view.stream("interactions")
    return ratio(interactions.total("minutes", 365) / FIXED_POINT, interactions.total("timed", 365))


FEATURES: tuple[Feature, ...] = (
    INQUIRIES.count("inquiries", 180, "inquiries"),
    INQUIRIES.count("inquiries", 730, "inquiries"),
    INQUIRIES.recency("inquiries", "days_since_inquiry", "the last inquiry"),
    INQUIRIES.feature("open_inquiries", "number", "inquiries still open", NEVER_MISSING, open_inquiries, lever=True),
    INQUIRIES.count("inquiries_closed", 365, "inquiries lost", mark="lost", name="inquiries_lost", trigger="influential"),
    INQUIRIES.count(
        "inquiries_closed", 365, "inquiries lost to a competitor", mark="lost_to_rival", name="inquiries_lost_to_rival",
        trigger="influential"),
    INQUIRIES.recency(
        "inquiries_closed", "days_since_inquiry_lost", "an inquiry was lost", mark="lost", trigger="influential"),
    INQUIRIES.feature(
        "inquiry_win_share_730d", "share", "part of the inquiries closed in the last 730 days that we won", NO_EVENT,
        win_share, trigger="influential"),
    CONTACT.count("interactions", 90, "interactions", lever=True),
    CONTACT.count("interactions", 365, "interactions", lever=True),
    CONTACT.count("interactions", 365, "interactions begun by them", mark="them", name="interactions_by_them"),
    CONTACT.count("interactions", 180, "visits", mark="visit", name="visits", lever=True),
    CONTACT.count("interactions", 180, "calls", mark="call", name="calls", lever=True),
    CONTACT.count("interactions", 180, "emails", mark="email", name="emails", lever=True),
    CONTACT.recency("interactions", "days_since_interaction", "the last interaction", lever=True),
    CONTACT.recency("interactions", "days_since_approach", "they last approached us", mark="them"),
    CONTACT.recency("interactions", "days_since_our_approach", "we last approached them", mark="us", lever=True),
    CONTACT.recency("interactions", "days_since_visit", "the last visit", mark="visit", lever=True),
    CONTACT.feature(
        "approach_share_365d", "share", "part of the interactions of the last 365 days that they began",
        "nobody is known to have begun any", lambda view, _: approach_share(view, 365)),
    CONTACT.feature(
        "approach_share_change_90d", "share, change", "part of the interactions that they began, last 90 days less the year",
        "nobody is known to have begun any in 90 days", approach_change),
    CONTACT.feature(
        "interactions_trend_365d", "share -1..1", "interactions of the last 365 days against the 365 before",
        "none in two years",
        lambda view, _: trend(view.stream("interactions").count(365), view.stream("interactions").count(730, 365)),
        lever=True),
    CONTACT.feature(
        "minutes_180d", "minutes", "minutes of contact in the last 180 days", NEVER_MISSING,
        lambda view, _: view.stream("interactions").amount("minutes", 180), lever=True),
    CONTACT.feature(
        "minutes_per_interaction_365d", "minutes", "minutes of an interaction in the last 365 days",
        "no length is known", minutes_each, lever=True),
)  # fmt: skip
