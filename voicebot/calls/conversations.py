"""All scripts that calls of a node may follow, kept ready and read again when they change.

A changed script is read and checked in a thread. Where it is good, the next call follows it; a
broken one is refused and the last good one stays. Running calls keep the one they began with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from voicebot.calls.outbound_call import is_about_a_case
from voicebot.calls.reception import Conversation
from voicebot.calls.script_shelf import choose_script, find_scripts
from voicebot.calls.script_watch import ScriptWatch, stamps_of
from voicebot.errors import NotFound, ScriptError, SettingsError

log = logging.getLogger(__name__)

POLL_S = 2.0

Prepare = Callable[[Conversation], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ScriptPlaces:
    """Where scripts are. default: of calls that ask for no other. folders: the last one wins.
    numbers: called numbers or users and the names of their scripts. own_user: of our SIP address;
    who calls it asks for nothing, though a script may have that name."""

    default: Path
    folders: Sequence[Path] = ()
    numbers: Mapping[str, str] | None = None
    own_user: str = ""


class Conversations:
    """`choose` one for each call. `start` follows the files until `stop`; without it scripts are
    read when they are first chosen, and stay as they are.

    Raises ScriptError where the default script is broken, SettingsError where a number has a
    script that isn't there.
    """

    def __init__(
        self,
        places: ScriptPlaces,
        load: Callable[[Path], Conversation],
        load_later: Callable[[Path], Conversation] | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        """load: reads and checks a script; blocking, raises ScriptError or SettingsError.
        load_later: the same beside running calls; None: `load`, too."""
        self._places = places
        self._load = load
        self._load_later = load_later or load
        self._poll_s = poll_s
        self._numbers = dict(places.numbers or {})
        self._default = places.default.stem
        self._paths = self._found()
        for called, name in self._numbers.items():
            if name not in self._paths:
                raise SettingsError(f"dialogue.numbers: {called}: there is no script {name}")
        self._watch = ScriptWatch()
        self._ready: dict[str, Conversation] = {}
        self._loading: dict[str, asyncio.Task[Conversation]] = {}
        # One reads what nobody waits for, the other what a call or an operator waits for.
        self._thread = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scripts")
        self._wish = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ready[self._default] = self._try(self._default, self._load)

    @property
    def default(self) -> Conversation:
        return self._ready[self._default]

    @property
    def names(self) -> list[str]:
        """What may be chosen, the default first; not all of it need be good."""
        return [self._default, *(name for name in sorted(self._paths) if name != self._default)]

    @property
    def ready(self) -> list[Conversation]:
        """The scripts that have been read and are good, the default first."""
        return [self._ready[name] for name in self.names if name in self._ready]

    def start(self, prepare: Prepare, *, reads_ahead: bool = True) -> None:
        """Follow the files of all scripts, and read those that nobody has chosen yet.

        prepare: has a script's prompts made, as far as that goes. reads_ahead: False leaves the
        others until somebody chooses them.
        """
        self._tasks.append(asyncio.create_task(self._follow(prepare), name="scripts"))
        if reads_ahead:
            self._tasks.append(asyncio.create_task(self._read_ahead(prepare), name="scripts ahead"))

    async def stop(self) -> None:
        tasks = [*self._tasks, *self._loading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def reload(self) -> None:
        """Look for changes now (SIGHUP)."""
        self._wish.set()

    async def choose(self, called: str = "", name: str = "") -> Conversation:
        """The script of a call to a number or user. name: a script that is asked for by name.

        Waits for a script that is still being read. Raises NotFound or ScriptError where the one
        that is asked for isn't there or is broken; a call to a number then has the default one,
        and where its script is about a case that nobody has named.
        """
        if name:
            if name not in self._paths:
                raise NotFound(f"there is no call script {name}")
            return await self._get(name)
        others = [name for name in self.names if name != self._places.own_user]
        chosen = choose_script(called, others, self._numbers, self._default)
        with contextlib.suppress(ScriptError):  # why it is broken was logged when it was read
            conversation = await self._get(chosen)
            if chosen == self._default or not is_about_a_case(conversation.script):
                return conversation
        log.warning("a call follows the default script", extra={"script": chosen})
        return self.default

    # ---- reading --------------------------------------------------------------------------

    def _found(self) -> dict[str, Path]:
        """Every script there is now. Blocking."""
        return {**find_scripts(self._places.folders), self._default: self._places.default}

    async def _get(self, name: str) -> Conversation:
        if name in self._ready:
            return self._ready[name]
        task = self._loading.get(name)
        if task is None:
            task = asyncio.create_task(self._read_in_thread(name), name=f"script {name}")
            self._loading[name] = task
            task.add_done_callback(lambda done: self._is_read(name, done))
        # Somebody who hangs up meanwhile doesn't end it for others.
        return await asyncio.shield(task)

    def _is_read(self, name: str, task: asyncio.Task[Conversation]) -> None:
        self._loading.pop(name, None)
        if not task.cancelled():
            task.exception()

    async def _read_in_thread(self, name: str) -> Conversation:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._read, name)

    def _read(self, name: str) -> Conversation:
        """Read a script for the first time. Blocking."""
        conversation = self._try(name, self._load_later)
        self._ready[name] = conversation
        return conversation

    def _try(self, name: str, load: Callable[[Path], Conversation]) -> Conversation:
        """Read a script and follow its files, whether it is good or not. Blocking."""
        path = self._paths[name]
        known = self._ready.get(name)
        files = {str(path), *(known.script.files if known else ())}
        before = stamps_of(files)
        try:
            conversation = load(path)
        except (ScriptError, SettingsError) as error:
            problems = error.problems if isinstance(error, ScriptError) else [str(error)]
            # What it includes now may be at fault: that file is to be followed too.
            at_fault = {problem.partition(":")[0] for problem in problems}
            found = {file for file in at_fault if file.endswith((".yaml", ".yml"))}
            self._watch.follow(name, {**stamps_of(found), **before})
            log.error(
                "a call script is refused",
                extra={"script": name, "problem": problems[0], "n_problems": len(problems)},
            )
            raise ScriptError(problems) from None
        now = stamps_of(conversation.script.files)
        self._watch.follow(name, {**now, **{k: v for k, v in before.items() if k in now}})
        return conversation

    # ---- following ------------------------------------------------------------------------

    async def _read_ahead(self, prepare: Prepare) -> None:
        for name in self.names[1:]:
            if name not in self._paths:
                continue
            try:
                await prepare(await self._get(name))
            except ScriptError:
                continue  # it was logged
            except Exception:
                log.exception("reading a call script ahead failed", extra={"script": name})

    async def _follow(self, prepare: Prepare) -> None:
        while True:
            is_wished = await self._wait()
            try:
                await self._look(is_wished, prepare)
            except Exception:
                # The last good scripts stay, and the next look may go better.
                log.exception("looking for changed call scripts failed")

    async def _wait(self) -> bool:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._wish.wait()
        except TimeoutError:
            return False
        self._wish.clear()
        return True

    async def _look(self, is_wished: bool, prepare: Prepare) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._found)
        gone, new = set(self._paths) - set(found), set(found) - set(self._paths)
        self._paths = found
        for name in gone:
            self._watch.forget(name)
            self._ready.pop(name, None)
            log.info("a call script is gone", extra={"script": name})
        changed = await loop.run_in_executor(self._thread, self._changed, is_wished)
        for name in [*sorted(new), *changed]:
            with contextlib.suppress(ScriptError):  # it was logged, and the last good one stays
                await self._read_again(name, prepare)

    async def _read_again(self, name: str, prepare: Prepare) -> None:
        loop = asyncio.get_running_loop()
        new = await loop.run_in_executor(self._thread, self._try, name, self._load_later)
        old = self._ready.get(name)
        if old is not None and old.version == new.version:
            return
        # Its new prompts are made first, so that no call waits for them.
        await prepare(new)
        self._ready[name] = new
        log.info("a call script has changed", extra={"script": name, "version": new.version})

    def _changed(self, is_wished: bool) -> list[str]:
        return self._watch.look(stamps_of, is_wished=is_wished)
