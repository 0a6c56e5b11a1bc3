"""The service as people and programs meet it: the application, the API, the `navette` command.

Imports every package to its right and is imported by none. Controllers declare, get the object through an access
function, call one verb and return a struct.
"""
