"""Who answers and where: territories, units, agents, communities, grants, API tokens."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "directory_2026_11_25t0900_first"
VERSION = "1.38.0"
DESCRIPTION = "territories, units, agents, communities, grants, tokens"

STATEMENTS = (
    """
    CREATE TABLE territory (
        code text CONSTRAINT territory_is_known_by_code PRIMARY KEY,
        kind text NOT NULL CONSTRAINT territory_kind_is_known
            CHECK (kind IN ('nation', 'region', 'department', 'collectivity', 'epci', 'commune')),
        name text NOT NULL CONSTRAINT territory_has_a_name CHECK (name <> ''),
        parent text CONSTRAINT territory_parent_exists REFERENCES territory (code),
        path text[] NOT NULL CONSTRAINT territory_path_ends_here CHECK (path[cardinality(path)] = code),
        region text CONSTRAINT territory_region_exists REFERENCES territory (code),
        department text CONSTRAINT territory_department_exists REFERENCES territory (code),
        time_zone text NOT NULL
    )
    """,
    "CREATE INDEX territory_by_path ON territory USING gin (path)",
    """
    CREATE TABLE unit (
        id uuid CONSTRAINT unit_is_known_by_id PRIMARY KEY,
        code text NOT NULL CONSTRAINT unit_code_is_unique UNIQUE CONSTRAINT unit_has_a_code CHECK (code <> ''),
        name text NOT NULL CONSTRAINT unit_has_a_name CHECK (name <> ''),
        kind text NOT NULL CONSTRAINT unit_kind_is_known CHECK
            (kind IN ('directorate', 'dreal', 'drieat', 'deal', 'ddt', 'ddtm', 'operator', 'other')),
        territory text NOT NULL CONSTRAINT unit_territory_exists REFERENCES territory (code)
    )
    """,
    "CREATE INDEX unit_by_territory ON unit (territory)",
    """
    CREATE TABLE agent (
        id uuid CONSTRAINT agent_is_known_by_id PRIMARY KEY,
        email text NOT NULL CONSTRAINT agent_email_is_unique UNIQUE
            CONSTRAINT agent_email_is_lower_case CHECK (email = lower(email) AND email LIKE '%_@_%'),
        given_name text NOT NULL,
        family_name text NOT NULL,
        unit uuid NOT NULL CONSTRAINT agent_unit_exists REFERENCES unit (id),
        active boolean NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX agent_by_unit ON agent (unit)",
    """
    CREATE TABLE community (
        id uuid CONSTRAINT community_is_known_by_id PRIMARY KEY,
        slug text NOT NULL CONSTRAINT community_slug_is_unique UNIQUE
            CONSTRAINT community_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
        name jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE membership (
        id uuid CONSTRAINT membership_is_known_by_id PRIMARY KEY,
        community uuid NOT NULL CONSTRAINT membership_community_exists REFERENCES community (id),
        agent uuid NOT NULL CONSTRAINT membership_agent_exists REFERENCES agent (id),
        animator boolean NOT NULL,
        CONSTRAINT membership_is_unique UNIQUE (community, agent)
    )
    """,
    "CREATE INDEX membership_by_agent ON membership (agent)",
    """
    CREATE TABLE "grant" (
        id uuid CONSTRAINT grant_is_known_by_id PRIMARY KEY,
        agent uuid NOT NULL CONSTRAINT grant_agent_exists REFERENCES agent (id),
        role text NOT NULL CONSTRAINT grant_role_is_known
            CHECK (role IN ('respondent', 'animator', 'reviewer', 'analyst', 'editor', 'administrator')),
        scope text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT grant_is_unique UNIQUE (agent, role, scope),
        CONSTRAINT grant_scope_fits_its_role CHECK ((scope = '') = (role IN ('administrator', 'respondent')))
    )
    """,
    """
    CREATE TABLE api_token (
        id uuid CONSTRAINT api_token_is_known_by_id PRIMARY KEY,
        agent uuid NOT NULL CONSTRAINT api_token_agent_exists REFERENCES agent (id),
        hash bytea NOT NULL CONSTRAINT api_token_hash_is_unique UNIQUE
            CONSTRAINT api_token_hash_is_sha256 CHECK (length(hash) = 32),
        role text,
        scope text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz
    )
    """,
    # The unit of those who run the service: `navette token create EMAIL --role administrator` puts people there.
    """
    INSERT INTO territory (code, kind, name, path, time_zone) VALUES ('FR', 'nation', 'France', '{FR}', 'Europe/Paris')
    """,
    """
    INSERT INTO unit (id, code, name, kind, territory)
        VALUES (gen_random_uuid(), 'admin', 'Administration du service', 'other', 'FR')
    """,
)


async def forwards() -> MigrationManager:
    """Run the statements in order."""
    manager = MigrationManager(migration_id=ID, app_name="directory", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
