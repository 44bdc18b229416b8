using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Enqueuing;

/// <summary>New jobs as the twelve lists that the statements storing them take.</summary>
internal static class JobValues
{
    /// <summary>The jobs from <paramref name="first"/> on; <paramref name="due"/> holds for every job when it may run, where it names a time.</summary>
    public static NpgsqlParameter[] Of(IReadOnlyList<NewJob> jobs, DateTime?[] due, int first, int count)
    {
        T[] Each<T>(Func<NewJob, T> value)
        {
            var values = new T[count];
            for (var i = 0; i < count; i++) values[i] = value(jobs[first + i]);
            return values;
        }

        return
        [
            Value.Of(Each<string?>(job => job.Queue)),
            Value.Of(Each(job => job.Kind)),
            Value.Of(Each(job => job.Body)),
            Value.Of(Each(job => job.Key)),
            Value.Of(Each(job => job.Tenant)),
            Value.Of(Each(job => HeadersText.Write(job.Headers))),
            Value.Of(due[first..(first + count)]),
            Value.Of(Each(job => Value.Microseconds(job.Delay))),
            Value.Of(Each(job => (short)job.Priority)),
            Value.Of(Each(job => job.DeduplicationId)),
            Value.Of(Each(job => Value.Microseconds(job.DeduplicationWindow))),
            Value.Of(Each(job => job.RequeuedFrom)),
        ];
    }

    /// <summary>When the jobs may run that name a time, by <paramref name="now"/>.</summary>
    /// <exception cref="ArgumentException">Further ahead than any store takes.</exception>
    public static DateTime?[] Due(IReadOnlyList<NewJob> jobs, DateTimeOffset now)
    {
        var due = new DateTime?[jobs.Count];
        for (var i = 0; i < due.Length; i++)
            if (jobs[i].RunAt is not null) due[i] = (JobRules.DueAt(jobs[i], now) is { } at ? RoundUp(at) : now).UtcDateTime;
        return due;
    }

    /// <summary>To the microsecond, as PostgreSQL counts: nothing is due too early.</summary>
    private static DateTimeOffset RoundUp(DateTimeOffset at) =>
        at.AddTicks((TimeSpan.TicksPerMicrosecond - (at.UtcTicks % TimeSpan.TicksPerMicrosecond)) % TimeSpan.TicksPerMicrosecond);
}
