"""Advocacy: what they say about us to others, and what came of it."""

from features.catalog.declarations import NEVER_MISSING, Family, Feature
from features.histories.streams import ratio

FAMILY = Family("advocacy", "referrals")

FEATURES: tuple[Feature, ...] = (
    FAMILY.count("referrals", 365, "referrals and testimonials"),
    FAMILY.count("referrals", 730, "referrals and testimonials"),
    FAMILY.feature(
        "referrals_total", "number", "referrals and testimonials since the data begin", NEVER_MISSING,
        lambda view, _: view.stream("referrals").count()),
    FAMILY.recency("referrals", "days_since_referral", "the last referral or testimonial"),
    FAMILY.count("referrals", 730, "testimonials", mark="testimonial", name="testimonials"),
    FAMILY.count("referrals", 730, "introductions to another business", mark="referral", name="introductions"),
    FAMILY.count("referrals", 730, "businesses recommended by name", mark="named", name="businesses_recommended"),
    FAMILY.count("referrals_converted", 730, "referrals that became customers"),
    FAMILY.feature(
        "referral_conversion_share_730d", "share", "referrals that became customers for each business named, in two years",
        "no business was named", lambda view, _: ratio(
            view.stream("referrals_converted").count(730), view.stream("referrals").total("named", 730))),
)  # fmt: skip
