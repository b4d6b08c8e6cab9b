"""How the promotion report looks: light and dark, on a screen, a phone and paper."""

STYLE = """
:root { --ink: #1b2430; --soft: #55606e; --line: #d5dae1; --paper: #fff; --good: #1a6b3c; --good-back: #e5f4ea;
  --fair: #7a4d00; --fair-back: #fdf1d9; --bad: #9b1c1c; --bad-back: #fce8e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --soft: #a3adba; --line: #37404c; --paper: #14191f; --good: #8fd6a8; --good-back: #16301f;
    --fair: #f0c674; --fair-back: #35290f; --bad: #ff9d9d; --bad-back: #3b1717; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.what { color: var(--soft); margin: .2rem 0 1.2rem; }
.verdict { font-size: 1.2rem; font-weight: 600; padding: .9rem 1.1rem; border-radius: .5rem; margin: 0;
  border-left: .4rem solid; }
.good, .ok { color: var(--good); background: var(--good-back); }
.fair, .warning { color: var(--fair); background: var(--fair-back); }
.bad, .blocker { color: var(--bad); background: var(--bad-back); }
.mark { display: inline-block; padding: .05rem .5rem; border-radius: 1rem; font-size: .85rem; font-weight: 600;
  white-space: nowrap; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; min-width: 9rem; }
td { font-variant-numeric: tabular-nums; min-width: 4rem; }
code { background: color-mix(in srgb, var(--line) 45%, transparent); padding: .1rem .3rem; border-radius: .25rem; }
summary { cursor: pointer; }
@media (max-width: 40rem) { .checks thead { display: none; }
  .checks tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .checks td, .checks th { display: block; border: 0; padding: .1rem 0; } }
@media print { body { font-size: 11pt; background: #fff; } main { max-width: none; padding: 0; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } .wide { overflow: visible; }
  .verdict, .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
