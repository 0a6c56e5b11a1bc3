"""The life of a survey: drafting, publishing, the ledger of expected answers, answering, and the queue of changes.

Imports `forms`, `directory` and `base`. Verbs are modules (`publishing.py`, `answering.py`) and the only writers; SQL
is in `queries/`; `access.py` is the only way to a survey on somebody's behalf. An answer leaves here through the
`change` queue, written with the response in one transaction and read by `analytics/folding.py`.
"""
