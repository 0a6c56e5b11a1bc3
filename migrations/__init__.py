"""Migrations: one folder per package, one file per change, each self-contained SQL run by Piccolo's runner.

They are written in SQL because Piccolo knows no composite primary key, which every table with a `part` has; a test
compares what they build with the classes in each package's `tables.py`, column by column.
"""
