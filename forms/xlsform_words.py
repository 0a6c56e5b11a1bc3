"""The words that authors of XLSForms use for the same thing: types of rows, headers of columns, names of languages.

Frequencies in 311 real forms decided which synonyms are here; pyxform's own tables were the check.
"""

import re
import unicodedata
from typing import Final, Literal, NamedTuple

from forms.questionnaire import MAX_LANGUAGE

TEXT_FIELDS: Final = ("label", "hint", "required_message", "constraint_message")
"""Fields that have one text per language."""

_FIELDS: Final = {
    "type": "type command",
    "name": "name tag value",
    "label": "label caption",
    "hint": "hint",
    "required": "required",
    "required_message": "requiredmessage requiredmsg",
    "relevant": "relevant relevance",
    "constraint": "constraint",
    "constraint_message": "constraintmessage constraintmsg constrainingmessage",
    "calculation": "calculation calculate",
    "choice_filter": "choicefilter",
    "default": "default",
    "appearance": "appearance",
    "parameters": "parameters",
    "read_only": "readonly",
    "disabled": "disabled",
    "trigger": "trigger",
    "ignored": "image bigimage audio video media guidancehint saveto autoplay repeatcount count intent",
}
_CHOICE_FIELDS: Final = {
    "list_name": "listname",
    "name": "name value",
    "label": "label caption",
    "ignored": "image bigimage audio video media",
}
_SETTINGS: Final = {
    "form_title": "formtitle setformtitle title",
    "form_id": "formid setformid idstring",
    "default_language": "defaultlanguage",
    "allow_choice_duplicates": "allowchoiceduplicates",
}
_SPELLINGS: Final = {
    sheet: {spelling: field for field, spellings in fields.items() for spelling in spellings.split()}
    for sheet, fields in (("survey", _FIELDS), ("choices", _CHOICE_FIELDS), ("settings", _SETTINGS))
}


class Header(NamedTuple):
    """What a column holds: a field, `ignored` for one that is known and not kept, or nothing; and its language."""

    field: str | None
    language: str | None = None


def plain(text: str) -> str:
    """The one spelling of a sheet name or header: `List_Name`, `list name` and `list-name ` are the same."""
    return re.sub(r"[\s_\-]+", "", text).lower()


def header(text: str, sheet: str) -> Header:
    """The meaning of a column's header: `label :: Français (fr)`, `bind:jr:constraintMsg`, `media::image::English`."""
    head, *rest = (part.strip() for part in re.split(r"::?", text))
    media = plain(head) == "media"
    while rest and plain(head) in {"bind", "body", "control", "jr", "media"}:
        head, *rest = rest
    field = "ignored" if media else _SPELLINGS[sheet].get(plain(head))
    language = ":".join(rest) if field in {*TEXT_FIELDS, "form_title"} else ""
    return Header(field, language_key(language) if language else None)


def truth(text: str) -> bool | None:
    """What `yes`, `TRUE`, `false()` and nothing mean; None for anything else."""
    match text.lower().replace(" ", ""):
        case "yes" | "true" | "true()":
            return True
        case "" | "no" | "false" | "false()":
            return False
        case _:
            return None


TypeKind = Literal[
    "begin",
    "end",
    "text",
    "integer",
    "decimal",
    "range",
    "date",
    "select_one",
    "select_multiple",
    "note",
    "acknowledge",
    "calculate",
    "hidden",
    "metadata",
    "unsupported",
    "unknown",
]

_TYPES: Final[dict[TypeKind, str]] = {
    "text": "text,string,q string,add text prompt,tel,phone",
    "integer": "integer,int,q int,add integer prompt",
    "decimal": "decimal,q decimal,add decimal prompt",
    "range": "range",
    "date": "date,q date,add date prompt",
    "note": "note,q note,add note prompt",
    "acknowledge": "acknowledge,trigger,q acknowledge,add acknowledge prompt",
    "calculate": "calculate,q calculate,add calculate prompt",
    "hidden": "hidden",
    "metadata": "start,start time,get start time,end,end time,get end time,today,get today,username,deviceid,device id,"
    "get device id,phonenumber,phone number,get phone number,simserial,sim id,get sim id,subscriberid,subscriber id,"
    "get subscriber id,imei,email,audit,start-geopoint,background-geopoint,background-audio,uri:deviceid,uri:email,"
    "uri:phonenumber,uri:simserial,uri:subscriberid,uri:username",
    "unsupported": "geopoint,gps,location,q geopoint,q location,add location prompt,geotrace,q geotrace,geoshape,"
    "q geoshape,image,photo,signature,q image,q picture,add image prompt,add photo prompt,audio,q audio,"
    "add audio prompt,video,q video,add video prompt,file,add file prompt,barcode,q barcode,add barcode prompt,time,"
    "datetime,date time,q date time,q datetime,add date time prompt,add datetime prompt,percentage,csv-external,"
    "xml-external,osm,number of days in last month,number of days in last six months,number of days in last year",
}
_KIND_OF: Final = {word: kind for kind, words in _TYPES.items() for word in words.split(",")}

_SELECT_PATTERNS: Final[tuple[tuple[str, TypeKind], ...]] = (
    (r"select[ _]+(?:one|multiple)[ _]+from[ _]+file", "unsupported"),
    (r"select[ _]+(?:one|multiple)[ _]+external", "unsupported"),
    (r"rank", "unsupported"),
    (r"(?:osm|include|cascading[ _]+select)", "unsupported"),
    (r"(?:add[ _]+)?select[ _]+one[ _]+(?:prompt[ _]+)?using", "select_one"),
    (r"(?:add[ _]+)?select[ _]+multiple[ _]+(?:prompt[ _]+)?using", "select_multiple"),
    (r"select[ _]+one[ _]+from(?=\s)", "select_one"),
    (r"select[ _]+multiple[ _]+from(?=\s)", "select_multiple"),
    (r"select[ _]+all[ _]+that[ _]+apply(?:[ _]+from(?=\s))?", "select_multiple"),
    (r"(?:q[ _]+)?select(?:1|[ _]+one)", "select_one"),
    (r"(?:select[ _]+multiple|q[ _]+select)", "select_multiple"),
)
_SELECTS: Final = [
    (re.compile(rf"{pattern}(?:\s+(?P<rest>.+))?", re.IGNORECASE | re.DOTALL), kind)
    for pattern, kind in _SELECT_PATTERNS
]
_OTHER: Final = re.compile(r"\s+or(?:[ _]+specify)?[ _]+other$", re.IGNORECASE)
_BLOCKS: Final = {"group", "repeat", "lgroup", "looped group", "loop", "kobomatrix", "score", "rank", "literacy"}


class RowType(NamedTuple):
    """What a row is. `word` is the name of its type for people; for a block it is what begins or ends (`group`)."""

    kind: TypeKind
    word: str
    choices: str = ""
    other: bool = False


def row_type(text: str) -> RowType:
    """The meaning of a cell in the column `type`."""
    text = text.strip()
    words = re.sub(r"[\s_]+", " ", text).lower()
    if words in _KIND_OF:
        return RowType(_KIND_OF[words], words)
    edge, _, block = words.partition(" ")
    if edge in {"begin", "end"} and (block in _BLOCKS or block.startswith("loop over ")):
        word = "repeat" if block in {"lgroup", "looped group"} else block.split()[0]
        return RowType("begin" if edge == "begin" else "end", word)
    for pattern, kind in _SELECTS:
        if match := pattern.fullmatch(text):
            rest = match["rest"] or ""
            choices = _OTHER.sub("", f" {rest}").strip()
            if kind != "unsupported" and re.search(r"\s", choices):
                break
            return RowType(kind, text.removesuffix(rest).strip(), choices, choices != rest)
    return RowType("unknown", text)


FUNCTION_CALL: Final = re.compile(
    r"(?<![\w.:\-])(?:if|coalesce|once|not|boolean|true|false|boolean-from-string|number|int|round|floor|ceiling|abs|pow"
    r"|sqrt|exp|exp10|log|log10|sin|cos|tan|asin|acos|atan|atan2|pi|sum|count|count-non-empty|min|max|string|concat|join"
    r"|substr|substring|substring-before|substring-after|string-length|contains|starts-with|ends-with|translate|regex"
    r"|normalize-space|base64-decode|digest|uuid|random|randomize|today|now|date|date-time|decimal-date-time"
    r"|decimal-time|format-date|format-date-time|selected|selected-at|count-selected|jr:choice-name|jr:itext|instance"
    r"|pulldata|indexed-repeat|position|current|last|area|distance|checklist|weighted-checklist)\("
)
"""A call of one of the functions of XLSForm, whether we evaluate it or not."""

_ISO_CODES: Final = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "  # noqa: SIM905 - 190 words
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
    "it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms "
    "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk "
    "sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
    "yo za zh zu".split()
)
"""The languages of ISO 639-1."""

_LANGUAGES: Final = {
    "am": "amharic,አማርኛ",
    "ar": "arabic,العربية",
    "bg": "bulgarian,български",
    "bm": "bambara,bamanankan",
    "bn": "bengali,bangla,বাংলা",
    "br": "breton,brezhoneg",
    "ca": "catalan,català",
    "co": "corsican,corsu",
    "cs": "czech,čeština",
    "cy": "welsh,cymraeg",
    "da": "danish,dansk",
    "de": "german,deutsch",
    "el": "greek,ελληνικά",
    "en": "english,anglais",
    "eo": "esperanto",
    "es": "spanish,español,castellano,espagnol",
    "et": "estonian,eesti",
    "eu": "basque,euskara",
    "fa": "persian,farsi,dari,فارسی",
    "fi": "finnish,suomi",
    "fr": "french,français",
    "ga": "irish,gaeilge",
    "ha": "hausa",
    "he": "hebrew,עברית",
    "hi": "hindi,हिन्दी",
    "hr": "croatian,hrvatski",
    "ht": "haitian creole,haitian,kreyòl ayisyen",
    "hu": "hungarian,magyar",
    "hy": "armenian,հայերեն",
    "id": "indonesian,bahasa indonesia",
    "ig": "igbo",
    "is": "icelandic,íslenska",
    "it": "italian,italiano,italien",
    "ja": "japanese,日本語",
    "ka": "georgian,ქართული",
    "km": "khmer,ខ្មែរ",
    "ko": "korean,한국어",
    "ku": "kurdish,kurdî",
    "lb": "luxembourgish,lëtzebuergesch",
    "ln": "lingala",
    "lo": "lao,ລາວ",
    "lt": "lithuanian,lietuvių",
    "lv": "latvian,latviešu",
    "mg": "malagasy",
    "mk": "macedonian,македонски",
    "mn": "mongolian,монгол",
    "ms": "malay,bahasa melayu",
    "mt": "maltese,malti",
    "my": "burmese,မြန်မာ",
    "ne": "nepali,नेपाली",
    "nl": "dutch,nederlands",
    "no": "norwegian,norsk",
    "ny": "chichewa,nyanja",
    "oc": "occitan",
    "pl": "polish,polski",
    "ps": "pashto,پښتو",
    "pt": "portuguese,português,portugais",
    "ro": "romanian,română",
    "ru": "russian,русский",
    "rw": "kinyarwanda",
    "sk": "slovak,slovenčina",
    "sl": "slovenian,slovene,slovenščina",
    "so": "somali,soomaali",
    "sq": "albanian,shqip",
    "sr": "serbian,српски,srpski",
    "sv": "swedish,svenska",
    "sw": "swahili,kiswahili",
    "ta": "tamil,தமிழ்",
    "th": "thai,ไทย",
    "ti": "tigrinya,ትግርኛ",
    "tl": "tagalog,filipino",
    "tr": "turkish,türkçe",
    "ty": "tahitian,reo tahiti",
    "uk": "ukrainian,українська",
    "ur": "urdu,اردو",
    "uz": "uzbek",
    "vi": "vietnamese,tiếng việt",
    "wo": "wolof",
    "xh": "xhosa",
    "yo": "yoruba",
    "zh": "chinese,中文",
    "zu": "zulu",
}
"""Names of languages, in English, in the language itself and, for the neighbours of French, in French."""


def _bare(text: str) -> str:
    """Lower case without accents, words separated by one space."""
    letters = (letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return " ".join("".join(letters).split())


_CODE_OF: Final = {_bare(name): code for code, names in _LANGUAGES.items() for name in names.split(",")}


def language_key(text: str) -> str:
    """The key of a language: its code in brackets, else the ISO 639-1 code of its name, else its name, simplified.

    What else stands in brackets tells two variants apart and is kept: `Chinese (Simplified)` is `zh-simplified`. A code
    of another language than the one named is no code but a country: `English (UK)` is `en-uk`, and not Ukrainian.
    """
    name, bracket, inside = text.strip().removesuffix(")").rpartition("(")
    name, inside = _bare(name if bracket else text), _slug(_bare(inside if bracket else ""))
    known, code = _CODE_OF.get(name), inside.partition("-")[0]
    if code in _ISO_CODES and known in {None, code}:
        return inside[:MAX_LANGUAGE]
    return "-".join(filter(None, (known or _slug(name), inside)))[:MAX_LANGUAGE] or "und"


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text).strip("-")
