using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>Finds which records of one event the database refuses, by trying parts of it and taking them back, and marks them as not fitting.</summary>
internal sealed class RecordBlame(PostgresFirehoseStore store, CancellationToken stopping)
{
    /// <summary>The error without values that belong to records.</summary>
    public static string Describe(PostgresException error) => $"{error.SqlState} {JobRules.Clip(error.MessageText)}";

    /// <summary>Marks the records to blame.</summary>
    /// <returns>False when no record is: the event itself is.</returns>
    public async ValueTask<bool> FindAsync(FirehoseEvent refused, PostgresException error)
    {
        var changes = refused.Changes.ToArray();
        var found = await BlameAsync(refused, changes, 0, changes.Length, error);
        refused.Changes = changes;
        return found;
    }

    private async ValueTask<bool> BlameAsync(FirehoseEvent refused, RecordChange[] changes, int start, int count, PostgresException error)
    {
        if (count == 1)
        {
            if (changes[start].Record is null) return false;
            changes[start] = changes[start] with { Record = null, Fault = $"PostgreSQL refuses it: {Describe(error)}." };
            return true;
        }
        var (half, found) = (count / 2, false);
        foreach (var (from, size) in ((int, int)[])[(start, half), (start + half, count - half)])
            if (await TryAsync(refused, changes[from..(from + size)]) is { } cause)
                found |= await BlameAsync(refused, changes, from, size, cause);
        return found;
    }

    private async ValueTask<PostgresException?> TryAsync(FirehoseEvent refused, IReadOnlyList<RecordChange> changes)
    {
        try
        {
            await store.WriteAsync([refused.With(changes)], keep: false, stopping);
            return null;
        }
        catch (PostgresException error) when (PostgresFault.IsOfTheRecords(error))
        {
            return error;
        }
    }
}
