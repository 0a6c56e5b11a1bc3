"""The life of a survey: surveys, editions, the ledger, responses with their revisions, the change queue.

Tables that grow with answers carry `part` first in every key (docs/operations.md, *growing*): created, placed, and only
then tied to each other.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "surveys_2026_11_25t0910_first"
VERSION = "1.38.0"
DESCRIPTION = "surveys, editions, assignments, responses, changes"

REFERENCE = (
    """
    CREATE TABLE survey (
        id uuid CONSTRAINT survey_is_known_by_id PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT survey_number_is_unique UNIQUE,
        slug text NOT NULL CONSTRAINT survey_slug_is_unique UNIQUE
            CONSTRAINT survey_slug_is_plain CHECK (slug ~ '^[a-z0-9-]+$'),
        kind text NOT NULL CONSTRAINT survey_kind_is_known CHECK (kind IN ('survey', 'collection', 'flash')),
        title jsonb NOT NULL,
        owner uuid NOT NULL CONSTRAINT survey_owner_exists REFERENCES unit (id),
        anonymity text NOT NULL CONSTRAINT survey_anonymity_is_known CHECK (anonymity IN ('named', 'anonymous')),
        answering text NOT NULL CONSTRAINT survey_answering_is_known CHECK (answering IN ('agent', 'unit')),
        questionnaire bytea NOT NULL,
        audience jsonb,
        spread integer NOT NULL CONSTRAINT survey_spread_fits_its_parts CHECK (spread BETWEEN 1 AND 1024),
        edition integer,
        opens_at timestamptz,
        closes_at timestamptz,
        closes_on date,
        closed_at timestamptz,
        link text CONSTRAINT survey_link_is_unique UNIQUE,
        created_at timestamptz NOT NULL,
        created_by uuid CONSTRAINT survey_author_exists REFERENCES agent (id),
        CONSTRAINT survey_closes_after_it_opens CHECK (closes_at > opens_at)
    )
    """,
    """
    CREATE TABLE edition (
        id uuid CONSTRAINT edition_is_known_by_id PRIMARY KEY,
        survey uuid NOT NULL CONSTRAINT edition_survey_exists REFERENCES survey (id),
        number integer NOT NULL CONSTRAINT edition_number_is_positive CHECK (number > 0),
        questionnaire bytea NOT NULL,
        hash bytea NOT NULL CONSTRAINT edition_hash_is_sha256 CHECK (length(hash) = 32),
        published_at timestamptz NOT NULL,
        published_by uuid CONSTRAINT edition_publisher_exists REFERENCES agent (id),
        CONSTRAINT edition_number_is_unique UNIQUE (survey, number)
    )
    """,
)

BY_PART = {
    "assignment": """
    CREATE TABLE assignment (
        part bigint NOT NULL,
        id uuid NOT NULL,
        survey uuid NOT NULL CONSTRAINT assignment_survey_exists REFERENCES survey (id),
        agent uuid CONSTRAINT assignment_agent_exists REFERENCES agent (id),
        unit uuid NOT NULL CONSTRAINT assignment_unit_exists REFERENCES unit (id),
        unit_kind text NOT NULL,
        territory text NOT NULL CONSTRAINT assignment_territory_exists REFERENCES territory (code),
        region text,
        department text,
        communities text[] NOT NULL,
        stratum text,
        base_weight double precision NOT NULL CONSTRAINT assignment_weight_is_positive CHECK (base_weight > 0),
        origin text NOT NULL CONSTRAINT assignment_origin_is_known CHECK (origin IN ('initial', 'added', 'test')),
        entered_at timestamptz NOT NULL,
        disposition text NOT NULL CONSTRAINT assignment_disposition_is_known
            CHECK (disposition IN ('in_scope', 'exempt', 'left', 'duplicate', 'unreachable')),
        disposition_reason text,
        disposition_at timestamptz NOT NULL,
        state text NOT NULL CONSTRAINT assignment_state_is_known
            CHECK (state IN ('expected', 'opened', 'draft', 'sent', 'returned', 'accepted', 'exempt')),
        state_at timestamptz NOT NULL,
        due_at timestamptz,
        CONSTRAINT assignment_is_known_by_id PRIMARY KEY (part, id)
    )
    """,
    "assignment_event": """
    CREATE TABLE assignment_event (
        part bigint NOT NULL,
        id uuid NOT NULL,
        assignment uuid NOT NULL,
        state text NOT NULL,
        at timestamptz NOT NULL,
        actor uuid CONSTRAINT assignment_event_actor_exists REFERENCES agent (id),
        reason text,
        CONSTRAINT assignment_event_is_known_by_id PRIMARY KEY (part, id)
    )
    """,
    "response": """
    CREATE TABLE response (
        part bigint NOT NULL,
        id uuid NOT NULL,
        survey uuid NOT NULL CONSTRAINT response_survey_exists REFERENCES survey (id),
        edition integer NOT NULL,
        assignment uuid,
        actor uuid CONSTRAINT response_actor_exists REFERENCES agent (id),
        channel text NOT NULL CONSTRAINT response_channel_is_known
            CHECK (channel IN ('assigned', 'open', 'proxy', 'import', 'test')),
        unit uuid CONSTRAINT response_unit_exists REFERENCES unit (id),
        unit_kind text,
        territory text CONSTRAINT response_territory_exists REFERENCES territory (code),
        region text,
        department text,
        communities text[] NOT NULL,
        stratum text,
        base_weight double precision NOT NULL,
        submitted_at timestamptz NOT NULL,
        day date NOT NULL,
        revision integer NOT NULL CONSTRAINT response_revision_is_positive CHECK (revision > 0),
        revised_at timestamptz NOT NULL,
        answers jsonb,
        content_hash bytea NOT NULL CONSTRAINT response_hash_is_sha256 CHECK (length(content_hash) = 32),
        revision_hash bytea NOT NULL CONSTRAINT response_revision_hash_is_sha256 CHECK (length(revision_hash) = 32),
        row_key bigint NOT NULL,
        record_key bigint NOT NULL CONSTRAINT response_record_key_has_32_bits
            CHECK (record_key BETWEEN 0 AND 4294967295),
        erased_at timestamptz,
        CONSTRAINT response_is_known_by_id PRIMARY KEY (part, id),
        CONSTRAINT response_is_the_only_one_of_its_assignment UNIQUE (part, assignment),
        CONSTRAINT response_has_answers_until_erased CHECK ((answers IS NULL) = (erased_at IS NOT NULL))
    )
    """,
    "response_revision": """
    CREATE TABLE response_revision (
        part bigint NOT NULL,
        response uuid NOT NULL,
        revision integer NOT NULL,
        edition integer NOT NULL,
        actor uuid CONSTRAINT response_revision_actor_exists REFERENCES agent (id),
        revised_at timestamptz NOT NULL,
        answers jsonb NOT NULL,
        CONSTRAINT response_revision_is_known_by_number PRIMARY KEY (part, response, revision)
    )
    """,
    "change": """
    CREATE TABLE change (
        part bigint NOT NULL,
        id uuid NOT NULL,
        row_key bigint NOT NULL,
        content jsonb,
        CONSTRAINT change_is_known_by_id PRIMARY KEY (part, id)
    )
    """,
}

TIES = (
    """
    CREATE UNIQUE INDEX assignment_of_an_agent_is_unique ON assignment (part, survey, agent) WHERE agent IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX assignment_of_a_unit_is_unique ON assignment (part, survey, unit) WHERE agent IS NULL
    """,
    "CREATE INDEX assignment_by_agent ON assignment (agent) WHERE agent IS NOT NULL",
    "CREATE INDEX assignment_by_unit ON assignment (unit) WHERE agent IS NULL",
    "CREATE INDEX assignment_event_by_assignment ON assignment_event (part, assignment)",
    """
    ALTER TABLE assignment_event ADD CONSTRAINT assignment_event_assignment_exists
        FOREIGN KEY (part, assignment) REFERENCES assignment (part, id)
    """,
    """
    ALTER TABLE response ADD CONSTRAINT response_assignment_exists
        FOREIGN KEY (part, assignment) REFERENCES assignment (part, id)
    """,
    "CREATE INDEX response_by_time ON response (part, submitted_at, id)",
    """
    ALTER TABLE response_revision ADD CONSTRAINT response_revision_response_exists
        FOREIGN KEY (part, response) REFERENCES response (part, id)
    """,
)


def place(table: str) -> str:
    """Spread the table over the nodes of a Citus cluster by its part; nothing on plain PostgreSQL."""
    return f"""
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            PERFORM create_distributed_table('{table}', 'part', colocate_with => 'default');
        END IF;
    END $$
    """


async def forwards() -> MigrationManager:
    """Reference tables, then tables by part: create, place, tie."""
    manager = MigrationManager(migration_id=ID, app_name="surveys", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        for statement in REFERENCE:
            await engine.run_ddl(statement)
        for table, statement in BY_PART.items():
            await engine.run_ddl(statement)
            await engine.run_ddl(place(table))
        for statement in TIES:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
