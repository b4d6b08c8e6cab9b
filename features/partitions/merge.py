"""Histories of some accounts, and those of several parts merged and numbered as if they had been read whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from features.histories.histories import Histories
from features.histories.options import Options
from features.histories.streams import Column, Stream, boundaries
from features.instants import FloatArray, IntArray
from features.sources.source import Source

NAME_LISTS = {"option": lambda histories: histories.options.names, "author": lambda histories: histories.authors}
"""Stream value -> the list of names in which it is a position."""


def select_accounts(histories: Histories, accounts: IntArray) -> Histories:
    """Return the histories of some accounts.

    accounts : positions, ascending, each once.
    """
    chosen = np.zeros(len(histories.account_ids), bool)
    chosen[accounts] = True
    number = np.cumsum(chosen) - 1
    streams = {}
    for name, stream in histories.streams.items():
        account = stream.account
        rows = np.flatnonzero(chosen[account])
        values = {value: column[rows] for value, column in stream.values.items()}
        bounds = boundaries(account[rows], number, len(accounts))
        streams[name] = Stream(bounds, stream.time[rows], stream.recorded[rows], values)
    return replace(
        histories,
        account_ids=histories.account_ids[accounts],
        streams=streams,
        profile={name: column[accounts] for name, column in histories.profile.items()},
        profile_known=histories.profile_known[accounts],
        known_since=histories.known_since[accounts],
        first_seen=histories.first_seen[accounts],
    )


def merge_histories(parts: Sequence[Histories], options: Options) -> tuple[Histories, IntArray]:
    """Merge the histories of all parts, and return the new position of every account, those of the first part first.

    parts : of one source, with different accounts.
    options : of the whole source, see `join_options`.
    """
    ids = np.concatenate([part.account_ids for part in parts])
    order = np.argsort(ids, kind="stable")
    number = np.empty(len(ids), np.int64)
    number[order] = np.arange(len(ids))
    begins = np.cumsum([0, *(len(part.account_ids) for part in parts)])
    authors = tuple(sorted({name for part in parts for name in part.authors}))
    whole = replace(
        parts[0],
        account_ids=ids[order],
        streams={},
        profile={
            name: np.concatenate([part.profile[name] for part in parts])[order] for name in parts[0].profile
        },
        profile_known=np.concatenate([part.profile_known for part in parts])[order],
        known_since=np.concatenate([part.known_since for part in parts])[order],
        first_seen=np.concatenate([part.first_seen for part in parts])[order],
        options=options,
        authors=authors,
        last_event=max(part.last_event for part in parts),
    )  # fmt: skip
    streams = {}
    for name in parts[0].streams:
        pieces = [part.streams[name] for part in parts]
        account = np.concatenate([number[piece.account + at] for piece, at in zip(pieces, begins, strict=False)])
        rows = np.argsort(account, kind="stable")  # within an account the order stays
        values = {}
        for value in sorted({value for piece in pieces for value in piece.values}):
            columns = [_renumbered(value, part, whole, name) for part in parts]
            values[value] = np.concatenate(columns)[rows]
        time, recorded = (np.concatenate([getattr(p, field) for p in pieces])[rows] for field in ("time", "recorded"))
        streams[name] = Stream(boundaries(account, np.arange(len(ids)), len(ids)), time, recorded, values)
    return replace(whole, streams=streams), number


def _renumbered(value: str, part: Histories, whole: Histories, stream: str) -> Column:
    """Return a stream's value with its codes as the whole source counts them."""
    column = part.streams[stream].value(value)
    if value not in NAME_LISTS:
        return column
    position = {name: code for code, name in enumerate(NAME_LISTS[value](whole))}
    codes = np.array([*(position[name] for name in NAME_LISTS[value](part)), -1], np.int64)
    return codes[column]


def undeclared_costs(source: Source, options: Options) -> dict[str, FloatArray]:
    """Return what each option that nobody declared was seen to cost, ascending.

    Its planned cost is the mean over all parts.
    """
    costs_of: dict[str, FloatArray] = {}
    for name, bond in zip(options.names, options.bonds, strict=True):
        if bond < 0:
            made = source.tables["investments"]
            costs = np.asarray(made.get("cost", np.full(len(made["investment"]), np.nan)))
            costs = costs[made["investment"].cells == name]
            costs_of[name] = np.sort(costs[~np.isnan(costs)])
    return costs_of


def join_options(parts: Sequence[tuple[Options, Mapping[str, FloatArray]]]) -> Options:
    """Join the options of all parts, each with what `undeclared_costs` returns for the part."""
    known: dict[str, tuple[int, float]] = {}
    for options, _ in parts:
        known |= {n: (b, c) for n, b, c in zip(options.names, options.bonds, options.costs, strict=True)}
    for name, (bond, _) in known.items():
        if bond < 0:
            seen = np.sort(np.concatenate([costs[name] for _, costs in parts if name in costs]))
            known[name] = (bond, float(seen.mean()) if len(seen) else 0.0)
    names = tuple(sorted(known))
    words = {name: told for options, _ in parts for name, told in options.words.items()}  # every part has them all
    return Options(names, tuple(known[n][0] for n in names), tuple(known[n][1] for n in names), words)
