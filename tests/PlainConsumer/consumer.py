#!/usr/bin/env python3
"""A consumer of the firehose's Redis Stream in the plain way of the ecosystem: an entry at a time, acknowledged after its transaction.

It stands for whatever a team ran before: it may share stream and consumer group with the worker, before, beside and after it.
Environment: REDIS_URL, REDIS_STREAM_KEY, REDIS_CONSUMER_GROUP, CONSUMER_ID, DATABASE_URL, BATCH_SIZE (10), CLAIM_IDLE_SECONDS (30),
ORDER_WAIT_SECONDS (5). SIGTERM stops it after the current batch.
"""
import asyncio
import logging
import os
import signal
import socket

import asyncpg
import redis.asyncio
from redis.exceptions import RedisError, ResponseError

import frame_body
import tables

STREAM = os.environ.get("REDIS_STREAM_KEY", "firehose:events")
GROUP = os.environ.get("REDIS_CONSUMER_GROUP", "firehose-processors")
NAME = os.environ.get("CONSUMER_ID", f"{socket.gethostname()}-{os.getpid()}")
COUNT = int(os.environ.get("BATCH_SIZE", "10"))
CLAIM_IDLE = float(os.environ.get("CLAIM_IDLE_SECONDS", "30"))
ORDER_WAIT = float(os.environ.get("ORDER_WAIT_SECONDS", "5"))
BLOCK_MS = 1000
PAUSE = 1.0
TROUBLE = (OSError, asyncio.TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError,
           asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.InsufficientResourcesError)
CONFLICT = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
log = logging.getLogger("plain-consumer")


class Consumer:
    def __init__(self, database, stream):
        self.database, self.redis, self.stopping = database, stream, asyncio.Event()

    async def run(self):
        work = self.work()
        while not self.stopping.is_set():
            try:
                await work.__anext__()
            except RedisError as error:
                log.warning("Redis: %s; trying again", error)
                await self.pause(PAUSE)
                work = self.work()   # from the start: what we hold may be ours still, or another's

    async def work(self):
        """Yields after each batch: first what this name still holds, then what others left lying, then news."""
        await self.make_group()
        last = "0"
        while entries := await self.read(last):
            await self.handle(entries)
            last = entries[-1][0]
            yield
        while True:
            cursor = "0-0"
            while True:
                cursor, entries, *_ = await self.redis.xautoclaim(STREAM, GROUP, NAME, int(CLAIM_IDLE * 1000), cursor, count=COUNT)
                await self.handle(entries)
                yield
                if cursor == b"0-0":
                    break
            next_claim = asyncio.get_running_loop().time() + CLAIM_IDLE
            while asyncio.get_running_loop().time() < next_claim:
                await self.handle(await self.read(">", block=BLOCK_MS))
                yield

    async def make_group(self):
        try:
            await self.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def read(self, after, block=None):
        answer = await self.redis.xreadgroup(GROUP, NAME, {STREAM: after}, count=COUNT, block=block)
        return answer[0][1] if answer else []

    async def handle(self, entries):
        for entry, fields in entries:
            # Without fields it is deleted: nobody can do anything about it any more.
            if not fields or await self.apply(entry.decode(), fields):
                await self.redis.xack(STREAM, GROUP, entry)

    async def apply(self, entry, fields):
        """Whether the entry is done with. One that we cannot do justice stays pending, for somebody who can."""
        if b"kind" in fields or b"body" not in fields:
            log.error("%s: kind %s is not for us; left pending", entry, fields.get(b"kind"))
            return False
        try:
            frame = frame_body.read(fields[b"body"])
            faults = await self.write(entry, frame)
        except (frame_body.BadBody, asyncpg.PostgresError, *TROUBLE) as error:
            log.error("%s: %s; left pending", entry, error)
            return False
        for fault in faults:
            log.error("%s: %s; the rest is stored, the entry left pending", entry, fault)
        return not faults

    async def write(self, entry, frame):
        loop = asyncio.get_running_loop()
        patience, in_turn = loop.time() + ORDER_WAIT, False
        while True:
            try:
                async with self.database.acquire() as connection:
                    return await tables.apply(connection, frame, entry, in_turn)
            except tables.OutOfTurn:
                in_turn = await self.is_next(entry, frame.did) or loop.time() > patience
                if not in_turn:
                    await asyncio.sleep(0.02)
            except CONFLICT:
                continue
            except TROUBLE as error:
                if self.stopping.is_set():
                    raise
                log.warning("PostgreSQL: %s; trying again", error)
                await self.pause(PAUSE)

    async def is_next(self, entry, did):
        """Whether no other consumer holds an earlier entry of the account; our own are done in order. One that was left lying is ours now."""
        pending = await self.redis.xpending_range(STREAM, GROUP, "-", f"({entry}", count=10_000)
        others = [other for other in pending if other["consumer"] != NAME.encode()]
        look = self.redis.pipeline(transaction=False)
        for other in others:
            look.xrange(STREAM, other["message_id"], other["message_id"])
        found = [fields.get(b"key") for rows in await look.execute() for _, fields in rows[:1] or [(None, {})]]
        ahead = [other for other, key in zip(others, found) if key == did.encode()]
        if left := [other["message_id"] for other in ahead if other["time_since_delivered"] >= CLAIM_IDLE * 1000]:
            await self.handle(await self.redis.xclaim(STREAM, GROUP, NAME, int(CLAIM_IDLE * 1000), left))
        return not ahead

    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except asyncio.TimeoutError:
            pass


async def main():
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(message)s")
    stream = redis.asyncio.from_url(os.environ["REDIS_URL"])
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=4) as database:
        consumer = Consumer(database, stream)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, consumer.stopping.set)
        print(f"consuming {STREAM} as {NAME} of {GROUP}", flush=True)
        await consumer.run()
    await stream.close()
    log.info("stopped")


if __name__ == "__main__":
    asyncio.run(main())
