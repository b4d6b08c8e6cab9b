"""Plans and policies: what they brought, what they would have, and what of it may be promised."""
