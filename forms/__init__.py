"""The questionnaire as a language: what may be asked, and what is a fit answer.

Pure: this package imports no other package of ours, reads no clock, no file and no database; facts from outside are
arguments. Flaws are codes with parameters, worded in `flaws.py` and translated by `locale/`.

A questionnaire comes in through `xlsform.py` or as JSON (`questionnaire.py`), is judged before publication by
`checking.py`, and judges answers through `validating.py`, whose expressions are parsed and evaluated by
`expressions.py` and `evaluating.py`. From here the flow goes to `surveys/publishing.py` and `surveys/answering.py`.
"""
