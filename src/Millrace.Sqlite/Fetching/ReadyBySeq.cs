using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Fetching;

/// <summary>
/// The ready jobs of a queue by their place alone, whatever their priority: a merge over one cursor for each priority in use. Costs
/// no second index; queues use few priorities.
/// </summary>
internal sealed class ReadyBySeq : IDisposable
{
    private readonly PriorityQueue<Statement, long> _cursors = new();
    private readonly List<Statement> _opened = [];
    private readonly WriteSession _session;
    private readonly long _queue;
    private Statement? _current;

    public ReadyBySeq(WriteSession session, long queue)
    {
        (_session, _queue) = (session, queue);
        for (long? priority = Next(-1); priority is { } p; priority = Next(p))
        {
            var cursor = session.Sql.Cursor("find_ready_at_priority", _opened.Count).Bind(1, queue).Bind(2, p);
            _opened.Add(cursor);
            if (cursor.Step()) _cursors.Enqueue(cursor, cursor.Long(1));
        }
    }

    /// <summary>The next row, valid until the next call; null at the end.</summary>
    public Statement? MoveNext()
    {
        if (_current is not null && _current.Step()) _cursors.Enqueue(_current, _current.Long(1));
        return _current = _cursors.TryDequeue(out var cursor, out _) ? cursor : null;
    }

    public void Dispose()
    {
        foreach (var cursor in _opened) cursor.Reset();
    }

    private long? Next(long after) => _session.Sql["find_next_priority"].Bind(1, _queue).Bind(2, after).Scalar();
}
