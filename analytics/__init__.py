"""From responses to figures: folding, the cube, results, charts, participation, exports.

Imports `surveys` and what stands to its right. `folding.py` takes the changes that `surveys/answering.py` queued and
writes segments; `cube.py` loads them as columns; `results.py` counts; `charts.py` draws. A read never writes.
"""
