"""Builds web/static_built: what browsers load, from npm packages and web/static, with a manifest that names it all.

Each file's name carries a hash of what is in it, so that it may be kept for ever; beside each text file stands the
same, compressed as far as brotli and gzip go. The build hook runs this for every wheel and install; `make assets` runs
it in a checkout. Nothing happens when nothing has changed.
"""

import functools
import gzip
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import brotli
import faces
import npm
import stylesheet

THEME: Final = "dsfr"
SOURCES: Final = "web/static"
BUILT: Final = "web/static_built"
TEXT: Final = {".css", ".js", ".svg", ".txt", ".webmanifest"}
PLOTLY: Final = "plotly.js-cartesian-dist-min/plotly-cartesian.min.js"
FRENCH_PLOTLY: Final = "plotly.js-locales/fr.js"
LICENCES: Final = ("plotly.js-cartesian-dist-min/LICENSE", "plotly.js-locales/LICENSE")

_IMPORT: Final = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])\./([\w./-]+\.js)\2""")
_SOURCE_MAP: Final = re.compile(r"^//# sourceMappingURL=.*$\n?", re.MULTILINE)
_BANNER: Final = re.compile(r"/\*!.*?\*/", re.DOTALL)


class BuildError(Exception):
    """The pages' files cannot be built; the message is one sentence."""


class Shelf:
    """The folder of built files: each is put there once under its hashed name, and all others go at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, Any]] = {}

    def put(self, name: str, content: bytes) -> str:
        """Keep a file; its hashed name."""
        return self.put_made(name, content, lambda: content)

    def put_made(self, name: str, key: bytes, make: Callable[[], bytes]) -> str:
        """Keep what `make` makes of `key`. What stands there under that hash is the same, and is not made again."""
        if name in self.files:
            raise BuildError(f"two files would be called {name}")
        path = Path(name)
        hashed = f"{path.stem}-{hashlib.sha256(key).hexdigest()[:10]}{path.suffix}"
        if not (self.folder / hashed).is_file():
            self._write(hashed, make())
        entry: dict[str, Any] = {"file": hashed, "size": (self.folder / hashed).stat().st_size}
        if path.suffix in TEXT:
            for ending, compress in (("br", _brotli), ("gz", _gzip)):
                compressed = self.folder / f"{hashed}.{ending}"
                if not compressed.is_file():
                    self._write(compressed.name, compress((self.folder / hashed).read_bytes()))
                entry[ending] = compressed.stat().st_size
        self.files[name] = entry
        return hashed

    def close(self, made_from: str) -> None:
        """Write the manifest, which makes the new files the ones in use, then remove what it does not name."""
        manifest = {"made_from": made_from, "files": dict(sorted(self.files.items()))}
        self._write("manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
        for path in self.folder.iterdir():
            if path.name not in names(manifest):
                path.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        partial = self.folder / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.folder / name)


def names(manifest: dict[str, Any]) -> set[str]:
    """The names of all files of a built folder."""
    files = {"manifest.json"}
    for entry in manifest["files"].values():
        files |= {entry["file"]} | {f"{entry['file']}.{ending}" for ending in ("br", "gz") if ending in entry}
    return files


def bring_up_to_date(root: Path) -> bool:
    """Have web/static_built hold what its sources say; whether anything had to be made."""
    made_from = _fingerprint(root)
    if _is_built(root / BUILT, made_from):
        return False
    try:
        npm.bring(root)
        _build(root, made_from)
    except (npm.MissingError, stylesheet.SheetError) as error:
        raise BuildError(str(error)) from error
    except FileNotFoundError as error:
        raise BuildError(f"there is no {error.filename}, which the theme names") from error
    return True


def _build(root: Path, made_from: str) -> None:
    sources, modules = root / SOURCES, root / "node_modules"
    theme = tomllib.loads((sources / "themes" / f"{THEME}.toml").read_text(encoding="utf-8"))
    package = modules / theme["package"]
    (root / BUILT).mkdir(exist_ok=True)
    shelf = Shelf(root / BUILT)
    ours = _our_scripts(sources / "js")
    theirs = {
        "plotly.js": _without_source_map((modules / PLOTLY).read_text(encoding="utf-8")),
        "plotly-fr.js": _plotly_in_french((modules / FRENCH_PLOTLY).read_text(encoding="utf-8")),
    }
    for name in ours.keys() & theirs.keys():
        raise BuildError(f"two files would be called {name}")
    scripts = ours | theirs
    for name in scripts:
        _put_script(shelf, name, scripts, ())
    faces_css = "".join(_face(shelf, face, package) for face in theme["fonts"])
    sheet = _sheet(sources, theme, package, faces_css, "\n".join(scripts.values()))
    shelf.put("navette.css", sheet.encode())
    for path in sorted((sources / "images").glob("**/*")):
        if path.is_file():
            shelf.put(path.name, path.read_bytes())
    _put_favicons(shelf, package / theme["favicons"])
    licences = [package / theme["licence"], *[modules / name for name in LICENCES]]
    texts = [f"{path.relative_to(modules)}\n\n{path.read_text(encoding='utf-8').strip()}\n" for path in licences]
    shelf.put("licences.txt", "\n\n".join(texts).encode())
    shelf.close(made_from)


def _sheet(sources: Path, theme: dict[str, Any], package: Path, faces_css: str, scripts: str) -> str:
    pictures = stylesheet.Pictures()
    paths = [package / name for name in theme["styles"]]
    for component in theme["components"]:
        folder = package / "dist" / "component" / component
        on_paper = folder / f"{component}.print.min.css"
        paths += [folder / f"{component}.main.min.css", *([on_paper] if on_paper.is_file() else [])]
    rules = [rule for path in paths for rule in stylesheet.read(path, pictures)]
    rules += stylesheet.icon_rules(_icons(sources), package / theme["icons"], theme["icon_prefix"], pictures)
    rules = stylesheet.without(rules, re.compile("|".join(theme["unused"])))
    rules = stylesheet.with_dark_system(rules)
    for path in sorted((sources / "css").glob("*.css")):
        rules += stylesheet.read(path, pictures)
    rules = stylesheet.without_unread_properties([pictures.rule(), *rules], scripts)
    banner = _BANNER.search(paths[0].read_text(encoding="utf-8"))
    return (banner[0] if banner else "") + faces_css + stylesheet.written(rules)


def _icons(sources: Path) -> list[str]:
    lines = (sources / "icons.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def _face(shelf: Shelf, face: dict[str, Any], package: Path) -> str:
    """A face of a font: the rest of its characters first, since of two that claim one the later wins."""
    path = package / face["file"]
    made = ""
    for name, make, characters in (
        (f"{path.stem}-rest.woff2", faces.rest_file, faces.rest(path)),
        (f"{path.stem}.woff2", faces.usual_file, faces.usual()),
    ):
        hashed = shelf.put_made(name, faces.key(path) + name.encode(), functools.partial(make, path))
        made += (
            f"@font-face{{font-family:{face['family']};src:url({hashed}) format('woff2');font-weight:{face['weight']};"
            f"font-style:{face.get('style', 'normal')};font-display:swap;unicode-range:{characters}}}"
        )
    return made


def _our_scripts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.glob("**/*.js"))
    }


def _put_script(shelf: Shelf, name: str, scripts: dict[str, str], importers: tuple[str, ...]) -> str:
    """Keep a module after those that it imports, so that it names them by their hashed names."""
    if name in shelf.files:
        return str(shelf.files[name]["file"])
    if name in importers:
        raise BuildError(f"modules import each other in a circle: {' → '.join((*importers, name))}")
    if name not in scripts:
        raise BuildError(f"{importers[-1]} imports {name}, which is neither in {SOURCES}/js nor built")

    def hashed(found: re.Match[str]) -> str:
        imported = _put_script(shelf, found[3], scripts, (*importers, name))
        return f"{found[1]}{found[2]}./{imported}{found[2]}"

    text = scripts[name]
    if name != "plotly.js":
        text = _IMPORT.sub(hashed, text)
    return shelf.put(name, text.encode())


def _plotly_in_french(locale: str) -> str:
    """The locale, which is a CommonJS module, as one that registers itself."""
    return f'import "./plotly.js";\nconst module = {{}};\n{locale}\nwindow.Plotly.register(module.exports);\n'


def _put_favicons(shelf: Shelf, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.suffix != ".webmanifest":
            shelf.put(path.name, path.read_bytes())
    manifest = json.loads((folder / "manifest.webmanifest").read_text(encoding="utf-8"))
    for icon in manifest["icons"]:
        icon["src"] = shelf.files[icon["src"]]["file"]
    shelf.put("site.webmanifest", json.dumps({"name": "Navette"} | manifest).encode())


def _without_source_map(text: str) -> str:
    return _SOURCE_MAP.sub("", text)


def _brotli(content: bytes) -> bytes:
    return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=11, lgwin=22))


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)


def _is_built(folder: Path, made_from: str) -> bool:
    path = folder / "manifest.json"
    if not path.is_file():
        return False
    manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest["made_from"] == made_from and all((folder / name).is_file() for name in names(manifest))


def _fingerprint(root: Path) -> str:
    """Says whether the sources are those of the last build: their content, since a checkout changes their dates."""
    own = Path(__file__).resolve().parent
    paths = [root / "package-lock.json", *[own / f"{name}.py" for name in ("assets", "faces", "npm", "stylesheet")]]
    paths += [path for path in sorted((root / SOURCES).glob("**/*")) if path.is_file()]
    seen = hashlib.sha256()
    for path in paths:
        seen.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    try:
        made = bring_up_to_date(root)
    except BuildError as error:
        sys.exit(f"assets: {error}")
    if made or "--sizes" in sys.argv:
        manifest = json.loads((root / BUILT / "manifest.json").read_text(encoding="utf-8"))
        for name, entry in manifest["files"].items():
            print(f"{name:40} {entry['size']:>9,} bytes, {entry.get('br', entry['size']):>9,} on the wire")


if __name__ == "__main__":
    main()
