"""What every package stands on: settings, the database, problems, language, ids. Nothing here knows what a survey is.

Imports no package of ours. `settings.py` is the only reader of the environment, `database.py` the only place that
opens connections, `embedded.py` runs the PostgreSQL server of those who name none (`supervising.py` keeps it running).
"""
