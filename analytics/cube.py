"""The cube: the columns of a survey's responses in memory, as far as somebody asked for them.

A request reads the manifests of all parts in one statement and counts on exactly the segments they name; what is not in
memory is loaded, what has gone is dropped. Nothing here is kept that is not in the database. Loading and counting run
in a thread. Next in the flow: `results.py`.
"""

import asyncio
import datetime as dt
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import numpy as np

from analytics import segments
from analytics.encoding import Array, Block, Column, Key
from analytics.joining import join, take
from analytics.queries import Manifest, codebooks_of, contents_of, manifests_of
from analytics.segments import Codebook
from base.clock import now
from base.database import reading
from surveys.queries import count_changes

T = TypeVar("T")

TRIES: Final = 20
"""How often we read the manifests again because a segment they named was compacted meanwhile."""

AT_ONCE: Final = 16
"""Segments fetched at a time, so that their files need little memory beside the columns."""

Piece: TypeAlias = Key | Literal["row_key"]
"""What is loaded of a segment: one column, or the keys of its rows."""


@dataclass(frozen=True, slots=True)
class View:
    """The net rows of a survey as of one version: no hidden row, no row twice. `pending` changes are not in it."""

    block: Block
    version: str
    as_of: dt.datetime
    pending: int


class _Source(NamedTuple):
    part: int
    id: UUID
    codebook: Codebook


class _GoneError(Exception):
    """A segment was compacted between reading its manifest and reading it."""


class Shelf:
    """Things kept by owner and name; beyond `memory` bytes, those that nobody asked for longest are dropped."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.used = 0
        self._things: OrderedDict[tuple[Hashable, Hashable], tuple[Any, int]] = OrderedDict()

    def get(self, owner: Hashable, name: Hashable) -> Any:  # noqa: ANN401 - whoever put it there knows what it is
        """What is kept, or null."""
        found = self._things.get((owner, name))
        if found is None:
            return None
        self._things.move_to_end((owner, name))
        return found[0]

    def put(self, owner: Hashable, name: Hashable, thing: object, size: int) -> None:
        """Keep it, and drop others for it; what is larger than the shelf is not kept."""
        self._drop((owner, name))
        if size > self.memory:
            return
        self._things[owner, name] = (thing, size)
        self.used += size
        while self.used > self.memory:
            self._drop(next(iter(self._things)))

    def forget(self, owners: Collection[Hashable]) -> None:
        """Drop all of these owners."""
        for key in [key for key in self._things if key[0] in owners]:
            self._drop(key)

    def _drop(self, key: tuple[Hashable, Hashable]) -> None:
        _, size = self._things.pop(key, (None, 0))
        self.used -= size


class Cube:
    """The columns that a process keeps, for all surveys, within `memory` bytes."""

    def __init__(self, memory: int) -> None:
        self.shelf = Shelf(memory)
        self._sources: dict[UUID, _Source] = {}
        self._versions: dict[tuple[int, ...], str] = {}
        self._locks: WeakValueDictionary[tuple[int, ...], asyncio.Lock] = WeakValueDictionary()

    async def count(self, parts: Sequence[int], names: Collection[str] | None, work: Callable[[View], T]) -> T:
        """What `work` makes of the view, in a thread."""
        view = await self.view(parts, names)
        return await asyncio.to_thread(work, view)

    async def view(self, parts: Sequence[int], names: Collection[str] | None = None) -> View:
        """The survey in these parts as of now, with the columns of these names (null: all)."""
        place = tuple(parts)
        lock = self._locks.setdefault(place, asyncio.Lock())
        for _ in range(TRIES):
            async with reading() as connection:
                # Counted first: where nothing is pending, the manifests read after it know everything sent before it.
                pending = await count_changes(connection, list(parts))
                manifests = await manifests_of(connection, parts)
            version = _version(manifests)
            async with lock:  # those who want the same columns wait for one load
                try:
                    block = await self._block(place, manifests, version, names)
                except _GoneError:
                    continue
            as_of = max((one.updated_at for one in manifests), default=now())
            return View(block, version, as_of, pending)
        raise RuntimeError("segments are compacted faster than they can be read")

    async def _block(
        self, place: tuple[int, ...], manifests: Sequence[Manifest], version: str, names: Collection[str] | None
    ) -> Block:
        self._forget(place, manifests, version)
        sources = await self._known(manifests)
        keys = dict.fromkeys(key for one in sources for key in one.codebook.keys if names is None or key[0] in names)
        net = await self._net(version, manifests, sources)
        rows = sum(one.codebook.rows for one in sources) if net is None else len(net)
        columns: dict[Key, Column] = {key: kept for key in keys if (kept := self.shelf.get(version, key))}
        missing = [key for key in keys if key not in columns]
        if missing:
            loaded = await self._load(sources, missing)
            blocks = [Block(one.codebook.rows, piece) for one, piece in zip(sources, loaded, strict=True)]
            columns |= await asyncio.to_thread(_merged, blocks, net)
            if len(sources) > 1 or net is not None:
                for key in missing:
                    self.shelf.put(version, key, columns[key], columns[key].nbytes)
        return Block(rows, {key: columns[key] for key in keys})

    def _forget(self, place: tuple[int, ...], manifests: Sequence[Manifest], version: str) -> None:
        """Drop what an older version had and this one has not."""
        before = self._versions.get(place)
        if before == version:
            return
        self._versions[place] = version
        named = {name for manifest in manifests for name in manifest.segments}
        parts = set(place)
        gone = {one.id for one in self._sources.values() if one.part in parts and one.id not in named}
        self.shelf.forget(gone | {before})
        for name in gone:
            del self._sources[name]

    async def _known(self, manifests: Sequence[Manifest]) -> list[_Source]:
        """The segments that the manifests name, in their order."""
        named = [name for manifest in manifests for name in manifest.segments]
        unknown = [name for name in named if name not in self._sources]
        if unknown:
            async with reading() as connection:
                found = await codebooks_of(connection, [one.part for one in manifests], unknown)
            if len(found) < len(unknown):
                raise _GoneError
            self._sources |= {name: _Source(part, name, codebook) for name, (part, codebook) in found.items()}
        return [self._sources[name] for name in named]

    async def _net(self, version: str, manifests: Sequence[Manifest], sources: Sequence[_Source]) -> Array | None:
        """The places of the rows that count, among all rows of the segments in order; null where all do."""
        tombstones = [key for manifest in manifests for key in manifest.tombstones]
        if len(sources) < 2 and not (sources and tombstones):
            return None
        kept = self.shelf.get(version, "net")
        if kept is None:
            keys = [piece["row_key"] for piece in await self._load(sources, ["row_key"])]
            kept = (await asyncio.to_thread(_net, keys, tombstones),)
            self.shelf.put(version, "net", kept, 0 if kept[0] is None else kept[0].nbytes)
        net: Array | None = kept[0]
        return net

    async def _load(self, sources: Sequence[_Source], wanted: Sequence[Piece]) -> list[dict[Any, Any]]:
        """For each segment those of these pieces that it has, from memory or from the database."""
        loaded = []
        for start in range(0, len(sources), AT_ONCE):
            chunk = sources[start : start + AT_ONCE]
            pieces = [{name: self.shelf.get(one.id, name) for name in _has(one, wanted)} for one in chunk]
            lacking = {
                one.id: [name for name, thing in found.items() if thing is None]
                for one, found in zip(chunk, pieces, strict=True)
            }
            contents = await self._contents([one for one in chunk if lacking[one.id]])
            for one, found in zip(chunk, pieces, strict=True):
                if one.id in contents:
                    read = await asyncio.to_thread(_read, contents[one.id], one.codebook, lacking[one.id])
                    for name, thing in read.items():
                        self.shelf.put(one.id, name, thing, thing.nbytes)
                    found.update(read)
            loaded += pieces
        return loaded

    async def _contents(self, sources: Sequence[_Source]) -> dict[UUID, bytes]:
        if not sources:
            return {}
        async with reading() as connection:
            found = await contents_of(connection, [one.part for one in sources], [one.id for one in sources])
        if len(found) < len(sources):
            raise _GoneError
        return found


def _version(manifests: Sequence[Manifest]) -> str:
    """A short name for what the manifests say, the same in every process."""
    text = " ".join(f"{one.part}:{one.version}" for one in sorted(manifests) if one.version)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _has(source: _Source, wanted: Iterable[Piece]) -> list[Piece]:
    there = set(source.codebook.keys)
    return [name for name in wanted if name == "row_key" or name in there]


def _read(content: bytes, codebook: Codebook, wanted: Sequence[Piece]) -> dict[Any, Any]:
    plain = ("row_key",) if "row_key" in wanted else ()
    block = segments.read(content, codebook, [name for name in wanted if name != "row_key"], plain)
    return {**block.columns, **block.plain}


def _net(keys: Sequence[Array], tombstones: Sequence[int]) -> Array | None:
    every = np.concatenate(keys)
    counts = np.ones(len(every), np.bool_)
    if tombstones:
        counts &= ~np.isin(every, np.array(tombstones, np.int64))
    ordered = np.sort(every)
    if (ordered[1:] == ordered[:-1]).any():
        first = np.zeros(len(every), np.bool_)
        first[np.unique(every, return_index=True)[1]] = True
        counts &= first
    return None if counts.all() else np.flatnonzero(counts)


def _merged(blocks: Sequence[Block], net: Array | None) -> dict[Key, Column]:
    return dict(take(join(blocks), net).columns)
