"""The thread that owns llama.cpp: requests from a queue, the scheduler's turns, decoding, tokens, and their delivery.

Everything public may be called from any thread, and only `stop` waits for the model.
"""

import logging
import queue
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np

from serving.answer import Answer
from serving.budget import affordable_lanes, swap_bytes
from serving.cells import Grant, Ledger
from serving.config import EngineConfig
from serving.embedding import Embedding, EmbeddingJob, Vectors
from serving.errors import (
    DeadlinePassed,
    DecodingFailed,
    NoEncoder,
    PromptTooLong,
    QueueFull,
    ServingError,
    ShuttingDown,
    TextTooLong,
)
from serving.gguf import read_header
from serving.llama.batches import Piece
from serving.llama.contexts import Context, try_adapter
from serving.llama.encoders import Encoder
from serving.llama.models import Model, Vocabulary
from serving.lookup import Lookup, Rates, verified
from serving.metrics import Metrics
from serving.request import AdapterFile, Finish, Request, Tune
from serving.sampling import Logits
from serving.scheduler import Feed, Limits, Scheduler, Turn

logger = logging.getLogger(__name__)
DEADLINE_CHECK_S = 0.5
REST_S = 0.05
"""So long nothing comes before a conversation is swapped out: the next turn of one may be on its way."""


@dataclass(frozen=True)
class _Order:
    """Something for the engine's thread to do between two turns."""

    carry_out: Callable[[], None]
    refuse: Callable[[ServingError], None] = lambda _error: None
    """Tells who waits for it that nobody will."""


class Engine:
    """A base model, its lanes, and the thread that serves them."""

    def __init__(self, config: EngineConfig, metrics: Metrics) -> None:
        """Load the model.

        Raises:
            BrokenFile: the model's file can't be used.
            MemoryTooSmall: not even one lane fits the KV budget.
        """
        header = read_header(config.model)
        lanes = affordable_lanes(config, header)
        self.config = config
        self.metrics = metrics
        self.lane_count = lanes
        self._model = Model(config.model, config)
        self.encoder = _encoder(config)
        """What embeds texts, if anything does; only its vocabulary and limits are for other threads."""
        self._embedding = Embedding(self.encoder) if self.encoder else None
        self._room_limit = min(config.context_tokens, self._model.trained_tokens)
        self._contexts: dict[Tune, Context] = {}
        self._answers: dict[Request, Answer] = {}
        # What has been drafted wrongly must be taken back, which a recurrent state can't.
        self._draft_tokens = config.draft_tokens if self._model.keeps_positions else 0
        self._rates: defaultdict[Tune, Rates] = defaultdict(Rates)
        limits = Limits(
            lanes=lanes,
            sequences=config.sequences,
            cells=config.context_tokens,
            batch_tokens=config.batch_tokens,
            draft_tokens=self._draft_tokens,
            share=self._model.keeps_positions,
            swap_bytes=swap_bytes(config, header, lanes),
        )
        self._scheduler: Scheduler[Tune, Answer] = Scheduler(limits)
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._waiting = 0
        self._stopping = False
        self._ended = False
        self.ended: Future[None] = Future()
        """Done when the thread is; holds what killed it, if something did."""
        self._deadlines_checked = 0.0
        self._told = (0, 0, 0)
        """Requests that run and that wait, and open lanes, as the metrics have them."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokens."""
        return self._model.vocabulary

    @property
    def chat_template(self) -> str | None:
        """The model's chat template."""
        return self._model.chat_template()

    @property
    def prompt_limit(self) -> int:
        """Tokens a prompt may have: one must be left for the answer."""
        return self._room_limit - 1

    @property
    def model(self) -> Model:
        """The base model."""
        return self._model

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request.

        Raises:
            PromptTooLong: it does not fit a lane.
            QueueFull: too many are waiting.
            ShuttingDown: no more are taken.
        """
        if len(request.prompt) > self.prompt_limit:
            raise PromptTooLong(prompt_tokens=len(request.prompt), limit_tokens=self.prompt_limit, param="messages")
        answer = Answer(
            request,
            self.vocabulary,
            context_tokens=self._room_limit,
            deadline_s=self.config.deadline_s,
            lookup=Lookup(request.prompt, self._rates[request.tune]) if self._draft_tokens else None,
        )
        with self._gate:
            if self._stopping:
                raise ShuttingDown(retry_after_s=5)
            if self._waiting >= self.config.queue:
                raise QueueFull(waiting=self._waiting, retry_after_s=1)
            self._waiting += 1
            self._orders.put(_Order(partial(self._take, answer), refuse=answer.fail))

    def embed(self, texts: Sequence[Sequence[int]]) -> "Future[Vectors]":
        """Queue texts for the encoder; the future gets their vectors.

        Raises:
            NoEncoder: there is none.
            TextTooLong: it can't read one of them at once.
            QueueFull: too many requests are waiting.
            ShuttingDown: no more are taken.
        """
        if self._embedding is None:
            raise NoEncoder(param="model")
        limit = self._embedding.encoder.limit
        for number, text in enumerate(texts):
            if len(text) > limit:
                raise TextTooLong(number=number, tokens=len(text), limit_tokens=limit, param="input")
        job = EmbeddingJob(texts=texts)
        with self._gate:
            if self._stopping:
                raise ShuttingDown(retry_after_s=5)
            if len(self._embedding.jobs) >= self.config.queue:
                raise QueueFull(waiting=len(self._embedding.jobs), retry_after_s=1)
            self._orders.put(_Order(partial(self._embedding.jobs.append, job), refuse=job.fail))
        return job.future

    def cancel(self, request: Request) -> None:
        """Give up a request, if it is not finished: nothing more is delivered once the current turn is over."""
        self._orders.put(_Order(partial(self._give_up, request)))

    def try_adapter(self, file: AdapterFile) -> Future[None]:
        """Have llama.cpp load an adapter once, between two turns; the future holds its refusal.

        Raises:
            ShuttingDown: no more are taken.
        """
        future: Future[None] = Future()

        def refuse(error: ServingError) -> None:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

        def attempt() -> None:
            if not future.set_running_or_notify_cancel():
                return  # who asked has left
            try:
                try_adapter(self._model, file.path)
            except ServingError as error:
                future.set_exception(error)
            else:
                future.set_result(None)

        with self._gate:
            if self._stopping:
                raise ShuttingDown(retry_after_s=5)
            self._orders.put(_Order(attempt, refuse=refuse))
        return future

    def pin(self, file: AdapterFile, *, pinned: bool) -> None:
        """Never give this adapter's lane to another, or allow it again."""
        keys = self._scheduler.pinned
        self._orders.put(_Order(partial(keys.add if pinned else keys.discard, file)))

    def retire(self, file: AdapterFile) -> None:
        """Close this adapter's lane when its last answer is finished."""
        self._orders.put(_Order(partial(self._retire, file)))

    def drain(self) -> None:
        """Take no more requests; those taken are answered."""
        with self._gate:
            self._stopping = True

    def stop(self) -> None:
        """End the thread, giving up what is not finished, and free the model."""
        self.drain()
        self._orders.put(_Order(self._end))
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ended:
                self._obey()
                self._step()
            self._free()
        except Exception as error:
            logger.exception("The engine's thread died")
            self.drain()
            while not self._orders.empty():
                self._orders.get().refuse(ShuttingDown(retry_after_s=5))
            for answer in self._answers.values():
                answer.fail(ShuttingDown(retry_after_s=5))  # a supervisor starts a new process
            if self._embedding:
                self._embedding.give_up(ShuttingDown(retry_after_s=5))
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    def _free(self) -> None:
        while not self._orders.empty():
            self._orders.get().carry_out()
        for answer in list(self._answers.values()):
            self._close_answer(answer, "shut down", ShuttingDown(retry_after_s=5))
        for key in list(self._contexts):
            self._close_lane(key)
        if self._embedding:
            self._embedding.give_up(ShuttingDown(retry_after_s=5))
            self._embedding.encoder.close()
        self._model.close()

    def _obey(self) -> None:
        """Carry out the orders that have come; wait for one when there is nothing else to do."""
        wait = self._scheduler.idle and not (self._embedding and self._embedding.jobs)
        swaps = wait
        while not self._ended and (wait or not self._orders.empty()):
            try:
                order = self._orders.get(block=wait, timeout=REST_S if swaps else None)
            except queue.Empty:
                if not wait:
                    return
                swaps = self._swap_out(self._contexts, most=1) > 0
                continue
            order.carry_out()
            wait = False

    def _end(self) -> None:
        self._ended = True

    def _take(self, answer: Answer) -> None:
        self._answers[answer.request] = answer
        self._scheduler.submit(answer.request.tune, answer)

    def _retire(self, file: AdapterFile) -> None:
        self._scheduler.retire(file)
        self._rates.pop(file, None)

    def _give_up(self, request: Request) -> None:
        answer = self._answers.get(request)
        if answer:
            self._close_answer(answer, "cancelled")

    def _close_answer(self, answer: Answer, outcome: str, error: ServingError | None = None) -> None:
        """Forget an answer that is finished, failed or given up."""
        self._scheduler.remove(answer.request.tune, answer)
        del self._answers[answer.request]
        if answer.row < 0:
            self._leave_queue(1)
        self.metrics.requests.labels(outcome).inc()
        if error:
            answer.fail(error)

    def _swap_out(self, keys: Iterable[Tune], *, most: int = sys.maxsize) -> int:
        """Save conversations that are at rest in these lanes, and free their cells; return how many were saved."""
        count = 0
        for key in keys:
            ledger = self._scheduler.lanes[key].ledger
            count += self._save(self._contexts[key], ledger, ledger.at_rest()[: most - count])
        return count

    @staticmethod
    def _save(context: Context, ledger: Ledger, rows: Sequence[tuple[int, int]]) -> int:
        for row, start in rows:
            ledger.swap_out(row, start, context.save(row, start))
            context.trim(row, start)
        return len(rows)

    def _leave_queue(self, count: int) -> None:
        with self._gate:
            self._waiting -= count

    def _step(self) -> None:
        """Give one lane its turn."""
        started = time.monotonic()
        self._check_deadlines(started)
        if self._embedding:
            self._embedding.step()
        self._arrange_lanes()
        self._swap_out(self._scheduler.waiting.keys() & self._contexts.keys())  # before others get what cells are left
        turn = self._scheduler.next_turn()
        if turn:
            self._carry_out(turn)
            self.metrics.busy.inc(time.monotonic() - started)
        running = sum(len(lane.running) for lane in self._scheduler.lanes.values())
        state = running, len(self._answers) - running, len(self._contexts)
        if state != self._told:
            self._told = state
            for gauge, value in zip(
                (self.metrics.running, self.metrics.waiting, self.metrics.lanes), state, strict=True
            ):
                gauge.set(value)

    def _carry_out(self, turn: Turn[Tune, Answer]) -> None:
        context = self._contexts[turn.key]
        self._leave_queue(len(turn.grants))
        pieces = [
            Piece(
                feed.job.row,
                feed.job.position,
                [*feed.job.pending[: feed.count], *feed.draft],
                int(feed.wants_logits) + len(feed.draft),
            )
            for feed in turn.feeds
        ]
        try:
            for grant in turn.grants:
                _carry_out(grant, context)
            decoding = time.monotonic()
            logits_N_V = context.decode(pieces)
        except DecodingFailed as error:
            logger.exception("A lane failed and is opened anew")
            self._fail_lane(turn.key, error)
        else:
            seconds = time.monotonic() - decoding
            self.metrics.decode.observe(seconds)
            self._scheduler.costs.note(sum(feed.size for feed in turn.feeds), seconds)
            self._use(turn, logits_N_V)

    def _use(self, turn: Turn[Tune, Answer], logits_N_V: Logits) -> None:
        """Choose tokens for each job whose pending tokens are all decoded."""
        largest_N = np.argmax(logits_N_V, axis=1).tolist()
        start = 0
        for feed in turn.feeds:
            job = feed.job
            if not job.tokens:
                self.metrics.prompt_tokens.inc(feed.count)
            job.position += feed.count
            if feed.wants_logits:
                stop = start + 1 + len(feed.draft)
                self._choose(turn.key, feed, logits_N_V[start:stop], largest_N[start:stop])
                start = stop
            else:
                job.pending = job.pending[feed.count :]
                self._scheduler.note(turn.key, job, [])

    def _choose(self, key: Tune, feed: Feed[Answer], logits_N_V: Logits, largest_N: list[int]) -> None:
        """Choose the next token, and those after it while they are what was drafted."""
        job = feed.job
        chosen: list[int] = []
        finish: Finish | None = None
        failure: DecodingFailed | None = None
        try:
            for token in verified(feed.draft, lambda place: job.choose(logits_N_V[place], largest_N[place])):
                chosen.append(token)
                finish = job.take(token)
                if finish:
                    break
        except DecodingFailed as error:
            failure = error
        if chosen and len(job.tokens) == 1:
            self.metrics.first_token.observe(time.monotonic() - job.submitted_at)
            self.metrics.reused_tokens.inc(job.reused)
        self.metrics.answer_tokens.inc(len(chosen))
        if feed.draft:
            accepted = max(len(chosen) - 1, 0)
            job.position += accepted
            if accepted < len(feed.draft):
                self._contexts[key].trim(job.row, job.position)
            self.metrics.drafted_tokens.inc(len(feed.draft))
            self.metrics.accepted_tokens.inc(accepted)
        self._scheduler.note(key, job, chosen)
        if failure:
            self._close_answer(job, "failed", failure)
        elif finish:
            self._close_answer(job, "answered")

    def _arrange_lanes(self) -> None:
        close, open_ = self._scheduler.place()
        free: list[Context] = []
        for lane in close:
            context = self._contexts.pop(lane.key)
            if not lane.retired:
                self._save(context, lane.ledger, lane.ledger.at_rest())
                self._save(context, lane.ledger, lane.ledger.left())
            free.append(context)
            self.metrics.evictions.inc()
        for key in open_:
            try:
                self._contexts[key] = self._context(key, free)
            except ServingError as error:
                self._fail_lane(key, error)
        for context in free:
            context.close()

    def _context(self, key: Tune, free: list[Context]) -> Context:
        """Return a context for a lane, one of the free ones if there is any."""
        adapter = key.path if key else None
        if not free:
            return Context(self._model, adapter, self.config)
        context = free.pop()
        try:
            context.retune(adapter)
        except ServingError:
            context.close()
            raise
        return context

    def _close_lane(self, key: Tune) -> None:
        context = self._contexts.pop(key, None)
        if context:
            context.close()

    def _fail_lane(self, key: Tune, error: ServingError) -> None:
        """Close a lane and fail all its requests."""
        for answer in [answer for answer in self._answers.values() if answer.request.tune == key]:
            self._close_answer(answer, "failed", error)
        self._scheduler.drop_lane(key)
        self._close_lane(key)

    def _check_deadlines(self, now: float) -> None:
        if now - self._deadlines_checked < DEADLINE_CHECK_S:
            return
        self._deadlines_checked = now
        for answer in [answer for answer in self._answers.values() if answer.deadline < now]:
            self._close_answer(answer, "late", DeadlinePassed(deadline_s=self.config.deadline_s))


def _carry_out(grant: Grant, context: Context) -> None:
    """Bring a sequence to where a request goes on."""
    if grant.swapped is not None:
        for row in grant.forget:  # first, for what comes back needs their cells
            context.trim(row, 0)
        context.restore(grant.row, grant.swapped.state)
        if grant.donor is not None:
            context.copy(grant.donor, grant.row, grant.swapped.start)
        context.trim(grant.row, grant.reused)
        return
    if grant.donor is None:
        context.trim(grant.row, grant.reused)
    else:
        context.trim(grant.row, 0)
        context.copy(grant.donor, grant.row, grant.reused)
    for row in grant.forget:
        context.trim(row, 0)


def _encoder(config: EngineConfig) -> Encoder | None:
    if config.embedding_model is None:
        return None
    read_header(config.embedding_model)
    return Encoder(Model(config.embedding_model, config), config)
