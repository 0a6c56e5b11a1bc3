"""What Piccolo's migration runner needs to find us (`base/migrating.py` names this module)."""

from piccolo.conf.apps import AppRegistry

from base.database import ENGINE

DB = ENGINE
APP_REGISTRY = AppRegistry(apps=["directory.piccolo_app", "surveys.piccolo_app", "analytics.piccolo_app"])
