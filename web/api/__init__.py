"""The HTTP API: controllers that declare, get an object through an access function, call one verb, return a struct."""
