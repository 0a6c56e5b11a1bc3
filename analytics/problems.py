"""What may go wrong when figures are asked for."""

from typing import Final

from msgspec.structs import replace

from base.language import N_
from base.problems import Kind, problem

BAD_FILTER: Final[Kind] = problem(
    "analytics/bad-filter",
    422,
    N_("The filter cannot be used"),
    N_("“{filter}” cannot be used as a filter. Write NAME:VALUE, or leave it out."),
)
FILTER_NAME: Final[Kind] = replace(
    BAD_FILTER, detail=N_("“{filter}” cannot be used: no question and no dimension is named “{name}”.")
)
FILTER_VALUE: Final[Kind] = replace(BAD_FILTER, detail=N_("“{filter}” cannot be used: there is no value “{value}”."))
FILTER_NUMBER: Final[Kind] = replace(
    BAD_FILTER, detail=N_("“{filter}” cannot be used: “{value}” is neither a number nor a range such as 5..10.")
)
FILTER_DATE: Final[Kind] = replace(
    BAD_FILTER,
    detail=N_("“{filter}” cannot be used: “{value}” is neither a date nor a range such as 2026-01-01..2026-01-31."),
)
FILTER_RANGE: Final[Kind] = replace(
    BAD_FILTER, detail=N_("“{filter}” cannot be used: the range “{value}” ends before it begins.")
)

TOO_MANY_VALUES: Final[Kind] = replace(
    BAD_FILTER, detail=N_("The filters name {count} values in all, and at most {limit} can be used at once.")
)

TEXT_NOT_ALLOWED: Final[Kind] = problem(
    "analytics/text-not-allowed",
    422,
    N_("Free texts are not shown here"),
    N_(
        "“{name}” holds what people wrote: it can be neither a filter nor a group for those who may not read all "
        "responses. Choose another question or a dimension such as @region."
    ),
)
TOO_MANY_GROUPS: Final[Kind] = problem(
    "analytics/too-many-groups",
    422,
    N_("Too many groups"),
    N_("“{name}” has {count} different values and at most {limit} groups can be shown. Choose something coarser."),
)
