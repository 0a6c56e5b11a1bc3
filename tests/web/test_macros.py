"""The bricks of pages: what ties label, hint, message and field together, and what screen readers are told."""

import re
from html.parser import HTMLParser

import pytest

from web.pages.rendering import environment

ERROR = "Il manque une valeur"


def made(source: str, language: str = "fr") -> str:
    """A template of these lines, with every macro at hand."""
    imports = (
        '{% import "macros/fields.html" as fields %}{% import "macros/blocks.html" as blocks %}'
        '{% import "macros/actions.html" as actions with context %}'
    )
    return environment(language).from_string(imports + source).render(guest={"csrf": "jeton"})


class Tags(HTMLParser):
    """The tags of a piece of HTML, which must be closed in order."""

    VOID = frozenset({"input", "br", "link", "meta", "img", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def first(self, tag: str) -> dict[str, str | None]:
        return next(attributes for name, attributes in self.tags if name == tag)

    @property
    def ids(self) -> set[str]:
        return {attributes["id"] or "" for _, attributes in self.tags if "id" in attributes}


FIELDS = {
    "input": [
        'fields.text_field("q", "Nom", "x", hint="Aide", error=error, required=true, attrs={"autocomplete": "name"})',
        'fields.date_field("q", "Jour", "2026-12-03", hint="Aide", error=error, required=true)',
        'fields.file_field("q", "Classeur", ".xlsx", hint="Aide", error=error, required=true)',
        'fields.checkbox("q", "Oui", true, hint="Aide", error=error, required=true)',
    ],
    "textarea": ['fields.text_area("q", "Avis", "x", hint="Aide", error=error, required=true)'],
    "select": ['fields.select_field("q", "Choix", [("a", "A")], "a", hint="Aide", error=error, required=true)'],
}


@pytest.mark.parametrize(("tag", "call"), [(tag, call) for tag, calls in FIELDS.items() for call in calls])
def test_a_field_is_tied_to_what_is_said_of_it(tag: str, call: str) -> None:
    """Its label by `for`, its hint and its message by `aria-describedby`; required in words too."""
    html = made("{{ " + call.replace("error=error", f'error="{ERROR}"') + " }}")
    tags = Tags(html)
    field = tags.first(tag)
    assert field["id"] == tags.first("label")["for"] == "f-q"
    assert (field["aria-describedby"] or "").split() == ["f-q-hint", "f-q-messages"]
    assert {"f-q-hint", "f-q-messages"} <= tags.ids
    assert field["aria-invalid"] == field["aria-required"] == "true"
    assert "(obligatoire)" in html
    assert re.search(r'id="f-q-messages"[^>]*><p[^>]*>' + ERROR, html)


@pytest.mark.parametrize("call", [call for calls in FIELDS.values() for call in calls])
def test_without_an_error_nothing_is_invalid(call: str) -> None:
    """The place for a message is there already, for scripts to write in; nothing says that something is wrong."""
    html = made("{{ " + call.replace("error=error", 'error=""').replace("required=true", "required=false") + " }}")
    assert "invalid" not in html
    assert "--error" not in html
    assert "aria-required" not in html
    assert 'id="f-q-messages" aria-live="polite"></div>' in html


@pytest.mark.parametrize("macro", ["radios", "checkboxes"])
def test_choices_are_a_group_with_a_legend(macro: str) -> None:
    """The group is named by its legend and its message; each box by its own label."""
    options = '[{"value": "a", "text": "A", "hint": "Aide de A"}, {"value": "b", "text": "B", "checked": true}]'
    html = made(
        "{{ fields." + macro + f'("q", "Lequel ?", {options}, hint="Aide", error="{ERROR}", required=true)' + " }}"
    )
    tags = Tags(html)
    assert set((tags.first("fieldset")["aria-labelledby"] or "").split()) <= tags.ids
    assert "f-q-legend" in (tags.first("fieldset")["aria-labelledby"] or "")
    boxes = [attributes for name, attributes in tags.tags if name == "input"]
    labels = [attributes["for"] for name, attributes in tags.tags if name == "label"]
    assert [box["id"] for box in boxes] == labels == ["f-q", "f-q-2"]
    assert ["checked" in box for box in boxes] == [False, True]
    assert boxes[0]["aria-describedby"] == "f-q-1-hint"
    assert len(tags.ids) == html.count(" id=")
    assert ERROR in html


def test_what_was_typed_comes_back_as_text() -> None:
    """In every place where it can stand."""
    bad = '"><script>x</script>'
    for call in ('fields.text_field("q", bad, bad, bad, bad)', 'fields.text_area("q", bad, bad, bad, bad)'):
        html = made("{% set bad = '" + bad + "' %}{{ " + call + " }}")
        assert "<script>" not in html
        assert html.count("&lt;script&gt;") == 4


def test_a_summary_of_errors_takes_the_focus_and_leads_to_the_fields() -> None:
    """It counts them, by the language's own rule."""
    errors = '[{"href": "#f-a", "text": "A"}, {"href": "#f-b", "text": "B"}]'
    html = made("{{ fields.error_summary(" + errors + ") }}")
    tags = Tags(html)
    assert tags.first("div")["tabindex"] == "-1"
    assert "data-focus" in tags.first("div")
    assert [attributes["href"] for name, attributes in tags.tags if name == "a"] == ["#f-a", "#f-b"]
    assert "2 réponses sont à corriger" in html
    assert "One answer needs a correction" in made('{{ fields.error_summary([{"href": "#", "text": "A"}]) }}', "en")
    assert made("{{ fields.error_summary([]) }}").strip() == ""


def test_a_table_has_a_caption_and_scrolls_by_keyboard() -> None:
    """The region that scrolls is named by the caption; a sorted column says so."""
    html = made(
        '{% call blocks.table("Services", id="t") %}<thead><tr>'
        '{{ blocks.sort_header("Taux", "?tri=taux", "descending", number=true) }}</tr></thead>{% endcall %}'
    )
    tags = Tags(html)
    region = next(attributes for _, attributes in tags.tags if attributes.get("role") == "region")
    assert region["tabindex"] == "0"
    assert region["aria-labelledby"] == tags.first("caption")["id"]
    assert tags.first("th")["aria-sort"] == "descending"
    assert tags.first("th")["scope"] == "col"


def test_steps_are_said_in_words() -> None:
    """The bars only repeat them; more steps than the design system draws become one bar."""
    few = made('{{ blocks.stepper(3, 7, "Vos besoins", "Vérification", level=1) }}')
    assert "Étape 3 sur 7" in few
    assert "<h1" in few
    assert 'data-fr-steps="7"' in few
    many = made('{{ blocks.stepper(3, 12, "Vos besoins") }}')
    assert "Étape 3 sur 12" in many
    assert 'max="12"' in many
    assert "data-fr-steps" not in many


EVERYTHING = [
    'actions.link_button("/x", "Aller", icon="arrow-right-line")',
    'actions.button("Clore", "danger", name="act", value="close", attrs={"data-x": ""})',
    "actions.form_token()",
    'blocks.alert("warning", "Titre", "Texte", live=true)',
    'blocks.notice("Texte")',
    'blocks.badge("En cours", "info")',
    'blocks.tag("eau", "/x")',
    'blocks.removable_tag("Bretagne", "/x", "Retirer le filtre Bretagne")',
    'blocks.card("Titre", "/x", start="", footer="")',
    'blocks.tile("Titre", "/x", "Texte")',
    'blocks.callout("Titre", "Texte")',
    'blocks.breadcrumb([("Accueil", "/"), ("Ici", none)])',
    'blocks.tabs_nav([("A", "/a"), ("B", "/b")], "/b", "Enquête")',
    'blocks.summary_list([{"key": "Nom", "value": "Édith", "href": "/x", "label": "Modifier : Nom"}])',
    'blocks.empty_state("Rien", "Commencez.")',
    'blocks.pagination("/x?after=1", "/x?before=1")',
    'blocks.progress_bar(1, 3, "1 sur 3")',
    'blocks.sidemenu([("A", "#a")], "Ici", "#a")',
    'blocks.hidden("caché")',
    'blocks.icon("user-line")',
    'fields.search_field("q", "Chercher")',
]


@pytest.mark.parametrize("call", EVERYTHING)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_brick_is_well_formed(call: str, language: str) -> None:
    """Tags close in order, ids are unique, and nothing is written but what can be read."""
    html = made("{{ " + call + " }}", language)
    ids = [attributes["id"] for _, attributes in Tags(html).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "None" not in html
    assert "Undefined" not in html


def test_the_page_one_is_on_is_marked() -> None:
    """In the breadcrumb, the tabs and the side menu."""
    for call in (EVERYTHING[11], EVERYTHING[12], EVERYTHING[17]):
        assert made("{{ " + call + " }}").count('aria-current="page"') == 1
