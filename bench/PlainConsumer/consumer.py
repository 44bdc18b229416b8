#!/usr/bin/env python3
"""The contender that a team would write in Python: asyncio, redis.asyncio and asyncpg; pipelines that read batches, a transaction an event.

Environment: REDIS_URL, REDIS_STREAM_KEY, REDIS_CONSUMER_GROUP, CONSUMER_ID, DATABASE_URL, BATCH_SIZE (10), PARALLEL_CONSUMERS (5),
DB_POOL_SIZE (20). SIGTERM stops it after the batches under way; with --drain it ends when the stream has nothing new.
"""
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "PlainConsumer"))

import asyncpg
import redis.asyncio
from redis.exceptions import ResponseError

import events
import frame_body

STREAM = os.environ.get("REDIS_STREAM_KEY", "firehose:events")
GROUP = os.environ.get("REDIS_CONSUMER_GROUP", "firehose-processors")
NAME = os.environ.get("CONSUMER_ID", f"{socket.gethostname()}-{os.getpid()}")
COUNT = int(os.environ.get("BATCH_SIZE", "10"))
PIPELINES = int(os.environ.get("PARALLEL_CONSUMERS", "5"))
POOL = int(os.environ.get("DB_POOL_SIZE", "20"))
DRAIN = "--drain" in sys.argv[1:]
BLOCK_MS = 200
CONFLICT = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


async def pipeline(number, stream, database, stopping):
    name = f"{NAME}-{number}"
    last = "0"   # what this name still holds of an earlier run; then news
    while not stopping.is_set():
        answer = await stream.xreadgroup(GROUP, name, {STREAM: last}, count=COUNT, block=BLOCK_MS)
        entries = answer[0][1] if answer else []
        if not entries and last == ">" and DRAIN:
            return
        last = entries[-1][0] if entries and last != ">" else ">"
        await asyncio.gather(*(handle(fields[b"body"], database) for _, fields in entries if b"body" in fields))
        if entries:
            await stream.xack(STREAM, GROUP, *(entry for entry, _ in entries))


async def handle(body, database):
    frame = frame_body.read(body)
    while True:
        try:
            async with database.acquire() as connection:
                return await events.apply(connection, frame)
        except CONFLICT:
            continue


async def main():
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stream = redis.asyncio.from_url(os.environ["REDIS_URL"])
    # The tables start empty: plans made for empty tables must not read all of them for ever after.
    settings = {"enable_seqscan": "off", "jit": "off"}
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL, server_settings=settings) as database:
        try:
            await stream.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        print(f"consuming {STREAM} as {NAME} of {GROUP}", file=sys.stderr, flush=True)
        await asyncio.gather(*(pipeline(number, stream, database, stopping) for number in range(PIPELINES)))
    await stream.close()


if __name__ == "__main__":
    asyncio.run(main())
