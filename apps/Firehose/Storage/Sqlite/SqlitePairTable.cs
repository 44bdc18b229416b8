namespace Firehose.Storage.Sqlite;

/// <summary>One of the tables in which a pair of actor and subject counts once: likes, reposts, follows.</summary>
internal sealed class SqlitePairTable(SqliteBatchWriter writer, string name)
{
    private readonly SqliteStatement _insert = writer.Prepared($"insert_{name}");
    private readonly SqliteStatement _delete = writer.Prepared($"delete_{name}");
    private readonly SqliteStatement _promote = writer.Prepared($"promote_{name}");

    /// <summary>Inserts the row unless one of its URI is there.</summary>
    /// <returns>Whether it counts, or null when it was not inserted.</returns>
    public bool? TryInsert(RowChange row, string subject, string? subjectCid, DateTimeOffset? createdAt, CounterDeltas counters)
    {
        _insert.Bind(1, row.Uri).Bind(2, row.Cid.ToString()).Bind(3, row.Did).Bind(4, subject);
        var position = 5;
        if (subjectCid is not null) _insert.Bind(position++, subjectCid);
        _insert.Bind(position++, TimeText.OrNull(createdAt)).Bind(position++, row.Rev);
        if (row.Table == RecordTable.Reposts) _insert.Bind(position, TimeText.Of(row.IndexedAt));
        if (!_insert.Step()) return null;
        var counted = _insert.GetLong(0) != 0;
        _insert.Run();
        counters.Row(row.Table, 1);
        return counted;
    }

    /// <summary>Removes the row unless it is newer than <paramref name="rev"/>; if it counted, the next one of its pair does from now on.</summary>
    /// <returns>The row that went, or null.</returns>
    public RemovedPair? Remove(string uri, string rev, CounterDeltas counters, RecordTable table)
    {
        if (!_delete.Bind(1, uri).Bind(2, rev).Step()) return null;
        string actor = _delete.GetText(0)!, subject = _delete.GetText(1)!;
        var counted = _delete.GetLong(2) != 0;
        _delete.Run();
        counters.Row(table, -1);
        return new RemovedPair(actor, subject, counted, counted ? Promote(actor, subject) : null);
    }

    private string? Promote(string actor, string subject)
    {
        if (!_promote.Bind(1, actor).Bind(2, subject).Step()) return null;
        var uri = _promote.GetText(0);
        _promote.Run();
        return uri;
    }
}

/// <summary>A row that went.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Subject">Whom or what.</param>
/// <param name="WasCounted">Whether it was the one of its pair that counts.</param>
/// <param name="Promoted">The row of the same pair that counts in its place, or null.</param>
internal readonly record struct RemovedPair(string Actor, string Subject, bool WasCounted, string? Promoted)
{
    /// <summary>Whether the pair's counter shrinks.</summary>
    public bool Counts => WasCounted && Promoted is null;
}
