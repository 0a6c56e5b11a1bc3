"""The demonstration: a made-up directory, real questionnaires, seeded answers.

Only `navette demo` and its sign-in page come here.
`people.py` says whom a visitor may become, `answers.py` how the made-up people answer, `filling.py` brings all of it in
through the verbs that everybody uses. Next: `web/commands/demo.py`.
"""
