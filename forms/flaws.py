"""What may be wrong with a questionnaire or with answers: codes with parameters, and their wording.

A flaw of a questionnaire names the node and the field; `xlsform.py` adds where that stands in the workbook. The words
are English message ids with `{name}` fields; the catalogue in `locale/` has the French.
"""

from typing import Any, Final, Literal

import msgspec

from forms.questionnaire import Texts

Severity = Literal["error", "warning"]


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a message id for the catalogue."""
    return message


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a questionnaire. `node` is a question, group or list name; `field` is a field of its struct.

    `sheet`, `row` (1 is the header) and `column` (its header) say where it stands in a workbook, if it came from one.
    """

    code: str
    severity: Severity = "error"
    node: str | None = None
    field: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    parameters: dict[str, Any] = {}


AnswerCode = Literal["unknown", "type", "choice", "required", "constraint", "range", "length", "territory"]


class AnswerFlaw(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of an answer: `path` is a JSON Pointer below the request (`/answers/age`).

    `message` is what the author wrote for this case, if anything; else `ANSWER_MESSAGES[reason]` words it.
    """

    path: str
    code: AnswerCode
    reason: str
    parameters: dict[str, Any] = {}
    message: Texts = {}


MESSAGES: Final[dict[str, str]] = {
    # Expressions: `position` (from 1) and `place` (two lines, with a caret) are in the parameters of each.
    "expression-empty": N_("The expression is empty: write one or clear the cell."),
    "expression-long": N_("The expression is longer than {limit} characters: split it with calculations."),
    "expression-deep": N_("The expression is nested more than {limit} deep: split it with calculations."),
    "expression-character": N_("The character {character} has no meaning here (position {position}): remove it."),
    "expression-quote": N_("A quote opened at position {position} is never closed: add the closing {quote}."),
    "expression-reference": N_("A reference is not well formed at position {position}: write ${{name}}."),
    "expression-unexpected": N_(
        "“{found}” was not expected at position {position}: an operator, a comma or a bracket is missing before it.",
    ),
    "expression-incomplete": N_("The expression stops too early: a value or a closing bracket is missing at its end."),
    "expression-number": N_("The number at position {position} is too large."),
    "expression-function": N_(
        "The function {function} is not supported: rewrite the expression with these: {supported}.",
    ),
    "expression-arguments": N_(
        "The function {function} takes {expected} arguments and was given {given}: check its commas.",
    ),
    "expression-path": N_(
        "Paths such as “{path}” are not supported (position {position}): refer to a question as ${{name}}.",
    ),
    "expression-instance": N_(
        "A look-up is written instance('list')/root/item[condition]/column: correct it at position {position}.",
    ),
    "expression-instance-nested": N_(
        "A look-up stands inside the condition of another: compute it in a calculation first.",
    ),
    "expression-dot": N_("“.” has no meaning inside the condition of a look-up: write a column's name or ${{name}}."),
    "expression-choice-name": N_(
        "The second argument of jr:choice-name is the question between quotes: write '${{name}}'.",
    ),
    "expression-pattern-literal": N_("The second argument of regex must be a text between quotes."),
    "expression-pattern": N_("“{construct}” is not supported in the regular expression {pattern}: rewrite it."),
    "expression-pattern-size": N_("The regular expression {pattern} is too large: use smaller repetitions."),
    "expression-directive": N_("format-date does not know {directive}: use %Y %y %m %n %b %d %e %H %h %M %S %3 %a."),
    # The questionnaire as a whole.
    "questions-none": N_("The questionnaire asks nothing: add a question."),
    "groups-deep": N_("Groups stand more than {limit} deep in each other: flatten them."),
    "language-repeated": N_("The language {language} is declared twice: remove one."),
    "name-repeated": N_("The name {name} is used twice: rename one of the two."),
    "name-case": N_("The names {name} and {other} differ only in capitals: rename one of the two."),
    "cycle": N_("These depend on each other in a circle: {names}. Take one of the references out."),
    "cycle-required": N_(
        "Whether these are required depends on each other: {names}. Check that answering one is enough.",
    ),
    # Choice lists.
    "list-missing": N_("The choice list {list} does not exist: add it or correct the name."),
    "list-empty": N_("The choice list {list} is empty: add choices to it."),
    "choice-repeated": N_("The choice {choice} stands twice in the list {list}: remove or rename one."),
    "choice-blank": N_(
        "The choice name “{choice}” of the list {list} contains a space, which separates the choices of a multiple "
        "choice: replace it with an underscore.",
    ),
    "choice-label": N_("The list {list} has choices without label ({count}, the first is {choice}): write one."),
    "choice-language": N_(
        "The list {list} has choices without label in {language} ({count}, the first is {choice}): translate it.",
    ),
    # What expressions name.
    "reference-unknown": N_("There is no question named {name}: correct the reference or add the question."),
    "reference-group": N_("{name} is a group, which has no answer: refer to one of its questions."),
    "reference-note": N_("{name} is a note, which has no answer: refer to a question."),
    "reference-forward": N_("This depends on {name}, which is asked later: move {name} before it."),
    "column-misplaced": N_(
        "“{name}” stands alone: put it between quotes if it is a value, or write ${{{name}}} if it is a question.",
    ),
    "column-unknown": N_("No choice of the list {list} has a column {name}: correct the name or add the column."),
    "lookup-list": N_("The choice list {list} that instance() names does not exist: add it or correct the name."),
    "choice-name-question": N_("jr:choice-name needs a question with choices, and {name} is none: correct the name."),
    "repeat-missing": N_("indexed-repeat must point to a repeat, and the questionnaire has none: rewrite it."),
    "dot-misplaced": N_("“.” stands for an answer, and there is none here: write ${{name}} of the question you mean."),
    # What the kind of a question asks for.
    "calculation-missing": N_("The calculation {name} computes nothing: write its expression."),
    "calculate-judged": N_("Nobody can correct the calculation {name}: this rule is never applied. Remove it."),
    "max-length": N_("The greatest length of a text is between 1 and {limit}: correct it."),
    "number-large": N_("This number is beyond {limit}: choose a smaller one."),
    "bounds-order": N_("The smallest value {minimum} is above the greatest {maximum}: exchange or correct them."),
    "step": N_("The step {step} is not above zero: correct it."),
    "default-type": N_("The default “{default}” does not suit this kind of question: correct or remove it."),
    "default-choice": N_("The default “{default}” is not among the choices: correct or remove it."),
    "default-range": N_("The default “{default}” is outside what is allowed: correct or remove it."),
    "default-length": N_("The default has {length} characters, more than the {limit} allowed: shorten it."),
    "label-missing": N_("{name} has no label: write what is asked."),
    "text-language": N_("The {text} is missing in {language}: translate it."),
    # Workbooks (`xlsform.py`).
    "not-a-workbook": N_("This is no Excel workbook, or it is damaged: save the form as .xlsx and send that file."),
    "workbook-encrypted": N_("The workbook is protected by a password: save it without one."),
    "workbook-too-big": N_(
        "The workbook is larger than {limit} MB: remove pictures and sheets that the form does not need.",
    ),
    "workbook-too-big-unpacked": N_(
        "The content of the workbook is too large ({limit} MB at most once unpacked): copy the sheets of the "
        "form to a new workbook."
    ),
    "too-many-rows": N_("The sheet has more than {limit} rows: shorten the form."),
    "too-many-columns": N_("The sheet has cells beyond column {limit}: delete them."),
    "sheet-missing": N_(
        "There is no sheet “{sheet}” (found: {found}): add it, or rename the sheet that has the questions.",
    ),
    "column-missing": N_("The sheet has no column “{column}”: add it in the first row."),
    "choices-missing": N_(
        "The sheet of choices is missing, and row {first} of the survey needs it: add a sheet “choices”.",
    ),
    "formula": N_("Cell {cell} holds a formula: replace it with its value."),
    "formula-value-kept": N_(
        "Formulas stand in this column ({count}, the first in {cell}): the values that they last showed were "
        "kept. Check them."
    ),
    "error-cell": N_("Cell {cell} shows an error: correct it or clear it."),
    "text-too-long": N_("The text in {cell} is longer than {limit} characters: shorten it."),
    "column-ignored": N_("The column “{column}” is not used: what it holds was left out."),
    "columns-disagree": N_(
        "The columns “{column}” and “{other}” say the same thing differently here: keep one of them.",
    ),
    "column-of-same-language": N_(
        "The columns “{column}” and “{other}” both hold the text in {default}, and the second was kept: "
        "name the language of the first."
    ),
    "default-language-without-texts": N_(
        "Nothing is written in the default language {language}: {default} was taken instead.",
    ),
    "too-many-languages": N_("The form has more than {limit} languages: remove some."),
    "row-without-type": N_("This row has no type: write one, or # to make it a comment."),
    "row-without-name": N_("This row ({type}) has no name: write one."),
    "unknown-type": N_("The type “{type}” does not exist: correct it."),
    "type-not-supported-yet": N_("The type “{type}” is not supported yet: remove this row or ask in another way."),
    "select-without-list": N_("The type “{type}” needs a choice list: write its name after the type."),
    "begin-without-end": N_("This {block} ({name}) is never closed: add its “end {block}”."),
    "end-without-begin": N_("This “end {block}” closes nothing: remove it or add its “begin {block}”."),
    "end-of-another": N_("This “end {block}” would close the {opened} begun in row {begin}: write “end {opened}”."),
    "invalid-name": N_(
        "“{name}” is no fit name: use a letter, then letters, digits, dots, hyphens and underscores, {limit} at most.",
    ),
    "duplicate-name": N_("The name {name} stands already in row {first} of the same group: rename one of the two."),
    "names-differ-by-case": N_(
        "The names {name} and {other} (row {first}) differ only in capitals: rename one of the two.",
    ),
    "name-qualified": N_("The name {name} is used in several groups: here it has become {qualified}."),
    "reference-ambiguous": N_(
        "{name} may mean several questions ({candidates}): rename them, so that each name is used once.",
    ),
    "text-reference": N_("The reference “{found}” in this text is not well formed: write ${{name}}."),
    "metadata-not-kept": N_("Data about the device or the sender ({type}) are not collected: {name} was left out."),
    "metadata-referred": N_(
        "This refers to {name}, but data about the device or the sender ({type}) are not kept: take the reference out."
    ),
    "table-list-as-group": N_("A table of questions is not supported yet: they are asked one after the other."),
    "cell-unused": N_("This cell means nothing for the type “{type}”: it was left out."),
    "trigger-not-supported": N_(
        "Calculations bound to another question (trigger) are not supported: clear this cell, or compute without it.",
    ),
    "parameter-unused": N_("The parameter “{parameter}” is not used: it was left out."),
    "parameter-not-a-number": N_(
        "The parameter “{parameter}” needs a number: write for instance start=1 end=10 step=1.",
    ),
    "read-only-expression": N_("Whether a question is read-only cannot depend on answers: write yes or no."),
    "default-dynamic": N_(
        "The default “{default}” is computed, which is not supported: write a constant or clear the cell.",
    ),
    "default-wrong-type": N_("The default “{default}” does not suit the type “{type}”: correct or clear it."),
    "choice-without-list": N_("This choice belongs to no list: it was left out. Write its list_name."),
    "choice-without-name": N_("This choice of the list {list} has no name: write one."),
    "choice-name-too-long": N_("The name of this choice is longer than {limit} characters: shorten it."),
    "duplicate-choice": N_(
        "The choice {choice} of the list {list} stands already in row {first}: rename or remove one of the two.",
    ),
    "duplicate-choice-dropped": N_(
        "The choice {choice} of the list {list} stands already in row {first}: the first was kept.",
    ),
}
"""Flaw code → English message id: what is wrong and what to do."""

ANSWER_MESSAGES: Final[dict[str, str]] = {
    "object": N_("The answers must be an object with one entry per question."),
    "unknown": N_("The questionnaire asks nothing under this name: remove it or correct the name."),
    "text": N_("Enter a text."),
    "characters": N_("This text contains a character that cannot be stored: type it again."),
    "length": N_("This text has {length} characters; shorten it to {limit} at most."),
    "integer": N_("Enter a whole number."),
    "number": N_("Enter a number."),
    "too-large": N_("This number is too large."),
    "minimum": N_("Enter {minimum} or more."),
    "maximum": N_("Enter {maximum} or less."),
    "step": N_("Enter a value that is {minimum} plus a multiple of {step}."),
    "date": N_("Enter a date that exists, in the form YYYY-MM-DD."),
    "choice-name": N_("Give the name of one choice."),
    "choice-names": N_("Give a list of names of choices."),
    "choice": N_("Choose one of the answers that are offered."),
    "choice-repeated": N_("The same choice is given twice: give it once."),
    "choice-filtered": N_("The choice {choice} is not offered with your other answers: choose another."),
    "acknowledge": N_("Tick the box, or leave it empty."),
    "required": N_("This question needs an answer."),
    "constraint": N_("This answer is not allowed: check it."),
}
"""Answer flaw reason → English message id."""
