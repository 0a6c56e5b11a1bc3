"""Who answers and where: territories, units, agents, communities, grants and tokens.

Imports `base` only. `access.py` judges what an actor may do; the packages to the left fetch the object and ask it.
From here the flow goes to `surveys/publishing.py`, which turns agents and units into expected answers.
"""
