"""What may go wrong with surveys and answers."""

from base.database import CONSTRAINTS
from base.language import N_
from base.problems import problem

SLUG_TAKEN = problem(
    "surveys/slug-taken",
    409,
    N_("This short name is taken"),
    N_("Another survey has this short name. Choose another, or leave it out to have one made."),
)
ALREADY_CREATED = problem(
    "surveys/already-created",
    409,
    N_("This survey was created already"),
    N_("It was sent a second time, and the first one counts. Look for it among your surveys."),
)
QUESTIONNAIRE_FLAWS = problem(
    "surveys/questionnaire-flaws",
    422,
    N_("The questionnaire has flaws"),
    N_("Nothing was stored. Mend the flaws listed (there may be several) and send it again."),
)
NO_AUDIENCE = problem(
    "surveys/no-audience",
    409,
    N_("Nobody is asked yet"),
    N_("Choose communities, territories or kinds of units that contain somebody, or open the survey by link."),
)
ANONYMOUS_NOT_YET = problem(
    "surveys/anonymous-not-available",
    422,
    N_("Anonymous surveys cannot be published yet"),
    N_(
        "The path that keeps answers apart from people is not built yet, and nothing less would be anonymous. "
        "Publish it as a named survey, or wait."
    ),
)
NOT_PUBLISHED = problem(
    "surveys/not-published",
    409,
    N_("The survey is not published"),
    N_("Publish it first."),
)
NOT_OPEN = problem(
    "surveys/not-open",
    409,
    N_("The survey does not take answers"),
    N_("It is a draft, has not opened yet, or is closed. Nothing was stored."),
)
NOT_ASKED = problem(
    "surveys/not-asked",
    403,
    N_("You are not asked"),
    N_("No answer of yours or of your service is expected here. If it should be, write to the survey's owner."),
)
EXEMPTED = problem(
    "surveys/exempted",
    409,
    N_("No answer is expected any more"),
    N_("This expected answer was waived. If you want to answer all the same, write to the survey's owner."),
)
ALREADY_ANSWERED = problem(
    "surveys/already-answered",
    409,
    N_("This has been answered already"),
    N_("The answer has the id {id}. To change it, send PUT to it with the header If-Match: its revision."),
)
DRAFT_CHANGED = problem(
    "surveys/draft-changed",
    409,
    N_("The draft was changed while it was being sent"),
    N_("Nothing was sent. Look through the answers as they are now, then send them."),
)
DRAFT_CONFLICT = problem(
    "surveys/draft-conflict",
    409,
    N_("The same questions were answered elsewhere meanwhile"),
    N_(
        "Nothing of this save was stored. For each question listed, keep your answer or the other one, then save "
        "again with version {version}."
    ),
)
DRAFT_ON_DEVICE = problem(
    "surveys/draft-on-device",
    409,
    N_("The drafts of this survey stay on your device"),
    N_("The survey is anonymous: nothing of what you type is stored here before you send it."),
)
RESPONSE_CONFLICT = problem(
    "surveys/response-conflict",
    409,
    N_("This id carries another answer"),
    N_("A response with this id and other content is stored already. Send a new answer under a new id."),
)
RESPONSE_ERASED = problem(
    "surveys/response-erased",
    410,
    N_("This answer was erased"),
    N_("It was erased on request and cannot be sent again under the same id."),
)
INVALID_RESPONSE = problem(
    "surveys/invalid-response",
    422,
    N_("The answers do not fit the questionnaire"),
    N_("Nothing was stored. Correct what is listed and send it again under the same id."),
)
EDITION_UNKNOWN = problem(
    "surveys/edition-unknown",
    422,
    N_("There is no such edition"),
    N_("This survey has no edition {edition}; the current one is {current}."),
)
EDITION_CLOSED = problem(
    "surveys/edition-closed",
    409,
    N_("This edition takes no more answers"),
    N_("Edition {edition} was replaced more than 7 days ago. Answer the current one, {current}."),
)
REVISION_CONFLICT = problem(
    "surveys/revision-conflict",
    412,
    N_("The answer has changed since you read it"),
    N_("It is at revision {revision} now. Read it again, and send your change with If-Match: {revision}."),
)
REVISION_REQUIRED = problem(
    "surveys/revision-required",
    428,
    N_("Say which revision you change"),
    N_("Send the header If-Match with the revision that you read (a number)."),
)
UNKNOWN_ASSIGNMENT = problem(
    "surveys/unknown-assignment",
    422,
    N_("No such expected answer"),
    N_("The survey expects no answer under the assignment {assignment}."),
)
BAD_LINE = problem(
    "surveys/bad-line",
    422,
    N_("This line cannot be read"),
    N_('{reason} One JSON object a line is wanted, with at least "id" and "answers".'),
)
LINE_TOO_LONG = problem(
    "surveys/line-too-long",
    413,
    N_("This line is too long"),
    N_("A line may have {limit} bytes at the most."),
)
BAD_ROW = problem(
    "surveys/bad-row",
    422,
    N_("This row does not fit the first one"),
    N_("It has {cells} cells, and the first row names {columns} columns. Check its separators and quotes."),
)
BAD_IMPORT = problem(
    "surveys/bad-import",
    422,
    N_("The file of answers cannot be imported"),
    N_("{reason}"),
)
EDITION_DAMAGED = problem(
    "surveys/edition-damaged",
    500,
    N_("A published questionnaire was altered"),
    N_("Edition {edition} of the survey {survey} does not match its fingerprint. Restore it from a backup."),
)

CONSTRAINTS["survey_slug_is_unique"] = SLUG_TAKEN
CONSTRAINTS["survey_is_known_by_id"] = ALREADY_CREATED
